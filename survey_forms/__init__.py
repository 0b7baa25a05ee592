"""XLSForm and XForm: compile, evaluate, fill in, check. No Qt."""
