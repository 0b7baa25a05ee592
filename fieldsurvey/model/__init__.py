"""What a survey is made of: plain values, no files, no Qt."""
