"""Shape and cross-field checks of what people type about customers."""
