"""Says, check by check, whether a flambeau backend is right."""
