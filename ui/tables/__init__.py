"""The table workspace: any layer or form as rows and columns."""
