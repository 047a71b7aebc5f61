"""The production test: a plan of tests run on one meter, and a report by its serial number."""
