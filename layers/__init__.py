"""What a map shows: sources, side-car columns, styles, labels. No Qt."""
