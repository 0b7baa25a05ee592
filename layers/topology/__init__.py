"""What is wrong with a survey's geometry and numbers: found, told with its place, mended where that is safe."""
