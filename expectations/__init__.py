"""The two gates: what is claimed of raw and of the marts, and how it is checked."""

import warnings

# Great Expectations imports pyspark wherever it is installed, whatever the target, and pyspark then
# warns of pandas 3. Nothing here goes from Spark to pandas.
warnings.filterwarnings(
    "ignore", message="PySpark does not yet fully support pandas", category=FutureWarning
)
