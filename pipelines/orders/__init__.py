"""The orders stage: from proposed lines to orders a person signs, the ERP holds once and the warehouse sees received."""
