"""The pretend hospital set up, and a whole visit driven, through the same doors that people use."""
