"""Trees that were boosted: models of XGBoost and LightGBM, as JSON, UBJSON and text."""
