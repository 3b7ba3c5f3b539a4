//! Numbers with units, as the command line takes them.

/// A length of time in ns: `5ms`, `125us`, `30s`, `2min`, `1h`.
///
/// # Errors
///
/// What would be accepted.
pub fn time_ns(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let scale = match unit {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "min" => 60e9,
        "h" => 3600e9,
        _ => return Err("expected a time with its unit (ns, us, ms, s, min, h): 5ms".to_owned()),
    };
    match number {
        Some(number) if number >= 0.0 => Ok((number * scale).round() as u64),
        _ => Err("expected a time of 0 or more: 5ms".to_owned()),
    }
}

/// A probability: `1%` or `0.01`.
///
/// # Errors
///
/// What would be accepted.
pub fn probability(text: &str) -> Result<f64, String> {
    let (number, unit) = split(text);
    let probability = match unit {
        "%" => number.map(|number| number / 100.0),
        "" => number,
        _ => None,
    };
    probability
        .filter(|probability| (0.0..=1.0).contains(probability))
        .ok_or_else(|| "expected a share from 0 to 100 %: 1% or 0.01".to_owned())
}

/// A peak level as amplitude: `-1dBFS` or `-1dB`, full scale 1.0.
///
/// # Errors
///
/// What would be accepted.
pub fn amplitude(text: &str) -> Result<f64, String> {
    match split(text) {
        (Some(db), "dB" | "dBFS") if db <= 0.0 => Ok(10_f64.powf(db / 20.0)),
        _ => Err("expected a level of 0 dBFS or less: -1dBFS".to_owned()),
    }
}

/// A frequency in thousandths of a hertz: `997`, `997Hz`, `1.5kHz`.
///
/// # Errors
///
/// What would be accepted.
pub fn millihertz(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let scale = match unit {
        "" | "Hz" => 1e3,
        "kHz" => 1e6,
        _ => f64::NAN,
    };
    number
        .map(|number| (number * scale).round())
        .filter(|frequency| *frequency >= 1.0)
        .map(|frequency| frequency as u64)
        .ok_or_else(|| "expected a frequency: 997, 997Hz or 1.5kHz".to_owned())
}

/// A clock error in ppm: `+500` or `-500ppm`.
///
/// # Errors
///
/// What would be accepted.
pub fn ppm(text: &str) -> Result<f64, String> {
    match split(text) {
        (Some(ppm), "" | "ppm") if ppm.abs() <= 100_000.0 => Ok(ppm),
        _ => Err("expected a clock error up to 100000 ppm: -500 or 500ppm".to_owned()),
    }
}

/// A number, and what stands behind it.
fn split(text: &str) -> (Option<f64>, &str) {
    let text = text.trim();
    let end = text.find(|c: char| c.is_alphabetic() || c == '%').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.trim().parse().ok(), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_their_units_and_nonsense_is_refused() {
        assert_eq!(time_ns("5ms"), Ok(5_000_000));
        assert_eq!(time_ns("0.125 ms"), Ok(125_000));
        assert_eq!(time_ns("2min"), Ok(120_000_000_000));
        assert!(time_ns("5").is_err() && time_ns("-5ms").is_err() && time_ns("ms").is_err());
        assert_eq!(probability("2.5%"), Ok(0.025));
        assert_eq!(probability("0.5"), Ok(0.5));
        assert!(probability("101%").is_err() && probability("NaN").is_err());
        assert!((amplitude("-20dBFS").unwrap() - 0.1).abs() < 1e-12);
        assert!(amplitude("1dBFS").is_err() && amplitude("-1").is_err());
        assert_eq!((millihertz("997"), millihertz("1.5kHz")), (Ok(997_000), Ok(1_500_000)));
        assert_eq!((ppm("-500"), ppm("500ppm")), (Ok(-500.0), Ok(500.0)));
    }
}
