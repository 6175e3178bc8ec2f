"""The features of the VanceAI web API as data: parameters, ranges, costs, jconfig, and a form for each."""
