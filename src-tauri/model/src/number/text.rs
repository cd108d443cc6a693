//! Number text: JSON and FEEL literals in, the shortest plain form out.

use std::fmt;
use std::str::FromStr;

use super::dec::Dec;
use super::wide::Wide;
use super::{MAX_SCALE, Number, Repr};

/// Digits of an exponent that are looked at; more means out of range anyway.
const EXPONENT_DIGITS: usize = 8;
/// Zeros that are written out before or after the digits; past it an exponent is used.
const PLAIN_ZEROS: i32 = 60;

/// A text that is not a number, or one outside the range (about 10^6144).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number")]
pub struct NotANumber;

impl Number {
    /// Reads `12`, `-0.5`, `.5`, `1e-7`, `+3`. No spaces, no grouping. More than 34 digits are rounded half to even.
    pub fn parse(text: &str) -> Option<Number> {
        let bytes = text.as_bytes();
        let (negative, mut at) = match bytes.first()? {
            b'-' => (true, 1),
            b'+' => (false, 1),
            _ => (false, 0),
        };
        let mut coef: u128 = 0;
        let mut exp: i64 = 0;
        let (mut seen, mut point, mut sticky, mut full) = (false, false, false, false);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    let digit = u128::from(byte - b'0');
                    // 37 digits and what lies below are enough to round to 34 exactly.
                    full |= coef >= 10_u128.pow(36);
                    if full {
                        sticky |= digit != 0;
                        exp += i64::from(!point);
                    } else {
                        coef = coef * 10 + digit;
                        exp -= i64::from(point);
                    }
                }
                b'.' if !point && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => point = true,
                _ => break,
            }
            at += 1;
        }
        if !seen {
            return None;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            exp += exponent(&bytes[at + 1..])?;
        } else if at < bytes.len() {
            return None;
        }
        if let Ok(small) = i64::try_from(coef)
            && (-i64::from(MAX_SCALE)..=0).contains(&exp)
            && !sticky
        {
            return Some(Number::small(if negative { -small } else { small }, exp.unsigned_abs() as u8));
        }
        Dec::rounded(negative, Wide::from_u128(coef), exp, sticky).map(Number::from_dec)
    }
}

fn exponent(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > EXPONENT_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(if negative { -value } else { value })
}

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Number::parse(text).ok_or(NotANumber)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Repr::Small { coef, scale: 0 } = &self.0 {
            return fmt::Display::fmt(coef, f);
        }
        let dec = self.dec().stripped();
        let digits = dec.coef.unsigned_abs().to_string();
        let sign = if dec.coef < 0 { "-" } else { "" };
        let text = if dec.exp > PLAIN_ZEROS || (dec.exp < 0 && -dec.exp - digits.len() as i32 > PLAIN_ZEROS) {
            let (head, tail) = digits.split_at(1);
            let exp = dec.exp + tail.len() as i32;
            let point = if tail.is_empty() { "" } else { "." };
            format!("{sign}{head}{point}{tail}e{exp}")
        } else if dec.exp >= 0 {
            format!("{sign}{digits}{}", "0".repeat(dec.exp as usize))
        } else {
            let decimals = dec.exp.unsigned_abs() as usize;
            if digits.len() > decimals {
                let (whole, fraction) = digits.split_at(digits.len() - decimals);
                format!("{sign}{whole}.{fraction}")
            } else {
                format!("{sign}0.{}{digits}", "0".repeat(decimals - digits.len()))
            }
        };
        f.pad(&text)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_in_its_shortest_plain_form() {
        for (text, want) in [
            ("0", "0"),
            ("-0", "0"),
            ("12.50", "12.5"),
            ("1e3", "1000"),
            ("1.5E-3", "0.0015"),
            (".5", "0.5"),
            ("12345678901234567890", "12345678901234567890"),
            ("0.1234567890123456789012345678901234", "0.1234567890123456789012345678901234"),
            ("1e100", "1e100"),
            ("-1.25e-100", "-1.25e-100"),
            ("99999999999999999999999999999999999", "100000000000000000000000000000000000"),
        ] {
            assert_eq!(Number::parse(text).map(|n| n.to_string()).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            "1e",
            "1e+",
            "1 000",
            "0x10",
            "1,5",
            "NaN",
            "Infinity",
            "1e99999",
            "1e999999999",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
