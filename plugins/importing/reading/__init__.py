"""Files of any form that answers come in, row by row."""
