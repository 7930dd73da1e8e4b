"""Transform: from raw to staging, intermediate and marts, by one dbt build."""
