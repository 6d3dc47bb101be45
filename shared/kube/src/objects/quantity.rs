//! Resource quantities: `100m`, `1.5`, `2Gi`, `129e6`.

/// A quantity in thousandths of its unit: millicores for CPU, thousandths of a byte for memory. It saturates.
///
/// None when the text is no quantity (source: Kubernetes API reference, "Quantity").
#[must_use]
pub fn milli(text: &str) -> Option<i64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (mantissa, decimals) = decimal(number)?;
    let (factor, tens) = scale(suffix)?;
    // Thousandths, less the decimals that the number itself has.
    let tens = tens + 3 - i32::try_from(decimals).ok()?;
    let value = mantissa.checked_mul(factor).unwrap_or(i128::MAX);
    let value = if let Ok(up) = u32::try_from(tens) {
        value.saturating_mul(10_i128.checked_pow(up).unwrap_or(i128::MAX))
    } else {
        // Rounded up, as Kubernetes does: a request never becomes nothing.
        let down = 10_i128.checked_pow(tens.unsigned_abs()).unwrap_or(i128::MAX);
        value.div_euclid(down) + i128::from(value.rem_euclid(down) != 0)
    };
    Some(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
}

/// `12.50` as 1250 and 2 decimals.
fn decimal(number: &str) -> Option<(i128, usize)> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let all: String = [whole, fraction].concat();
    let value: i128 = all.parse().ok()?;
    Some((if negative { -value } else { value }, fraction.len()))
}

/// A factor and a power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    let binary = |power: u32| 1_i128.checked_shl(10 * power);
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (binary(1)?, 0),
        "Mi" => (binary(2)?, 0),
        "Gi" => (binary(3)?, 0),
        "Ti" => (binary(4)?, 0),
        "Pi" => (binary(5)?, 0),
        "Ei" => (binary(6)?, 0),
        other => {
            let exponent = other.strip_prefix(['e', 'E'])?;
            let tens: i32 = exponent.parse().ok()?;
            (
                1,
                if (-30..=30).contains(&tens) {
                    tens
                } else {
                    return None;
                },
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::milli;

    #[test]
    fn every_form_of_a_quantity_is_read_k26() {
        for (text, value) in [
            ("100m", Some(100)),
            ("1", Some(1000)),
            ("1.5", Some(1500)),
            (".5", Some(500)),
            ("0", Some(0)),
            ("1n", Some(1)),
            ("2Ki", Some(2_048_000)),
            ("1.5Gi", Some(1_610_612_736_000)),
            ("129e6", Some(129_000_000_000)),
            ("1E3", Some(1_000_000)),
            ("1E", Some(i64::MAX)),
            ("-1", Some(-1000)),
            ("99999999999999999999999", Some(i64::MAX)),
            ("", None),
            ("lots", None),
            ("1.2.3", None),
            ("1Zi", None),
            ("1e99", None),
        ] {
            assert_eq!(milli(text), value, "{text}");
        }
    }
}
