//! Values of flags that several commands have.

/// Parses a number of updates a second.
pub(super) fn parse_hz(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(hz) if (1.0..=10_000.0).contains(&hz) => Ok(hz),
        _ => Err("expected a number from 1 to 10000".to_owned()),
    }
}
