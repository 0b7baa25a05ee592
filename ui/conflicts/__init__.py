"""The conflict desk: what two people changed without knowing of each other, side by side; a person decides."""
