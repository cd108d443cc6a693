//! Whole numbers of Rust as numbers.

use super::{Dec, Number};

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Number::small(value, 0)
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        Number::small(i64::from(value), 0)
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Number::small(i64::from(value), 0)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Number::from_dec(Dec { coef: i128::from(value), exp: 0 })
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Number::from(value as u64)
    }
}
