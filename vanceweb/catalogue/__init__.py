"""The features of the VanceAI web API as data: parameters, ranges, costs, jconfigs and a form for each feature."""
