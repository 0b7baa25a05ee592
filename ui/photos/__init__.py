"""Photos on the screen: taken into the project, shown, drawn on, made by camera or pen."""
