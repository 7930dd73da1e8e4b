"""The API and the planner's desk: surfaces over the rooms' queries and actions. No SQL, no arrays."""
