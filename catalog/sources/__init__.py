"""Where models come from: imports of catalogs and spreadsheets."""
