//! Formulas in parameter groups, such as `LEAST({DBInstanceClassMemory/9531392},5000)`.
//!
//! Source: *Amazon RDS User Guide* and *Aurora User Guide*, "Specifying DB parameters": variables in braces, `*` and `/`
//! whose results are cut to whole numbers, `GREATEST`, `LEAST`, `SUM`, and `log` to the base 2.

/// What a formula may refer to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variables {
    /// `DBInstanceClassMemory`, in bytes.
    pub memory_bytes: f64,
}

/// The value of a formula or plain number.
///
/// # Errors
///
/// In words: what in the formula is not understood.
pub fn evaluate(formula: &str, variables: Variables) -> Result<f64, String> {
    let mut reader = Reader {
        rest: formula.trim(),
        variables,
        depth: 0,
    };
    let value = reader.expression()?;
    if !reader.rest.is_empty() {
        return Err(format!("`{}` is left over", reader.rest));
    }
    if value.is_finite() {
        Ok(value)
    } else {
        Err("it has no finite value".to_owned())
    }
}

/// A recursive descent. No formula in a default group nests deeper than three.
struct Reader<'a> {
    rest: &'a str,
    variables: Variables,
    depth: u8,
}

/// Hostile text could nest until the stack ends.
const DEEPEST: u8 = 16;

impl<'a> Reader<'a> {
    /// `term (('*' | '/') term)*`. Whole numbers stay whole; inside a `log` and after one the fraction counts, or the
    /// documented results would not come out.
    fn expression(&mut self) -> Result<f64, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it nests too deeply".to_owned());
        }
        let (mut value, mut whole) = self.term()?;
        loop {
            let divide = if self.eat('/') {
                true
            } else if self.eat('*') {
                false
            } else {
                break;
            };
            let (next, next_whole) = self.term()?;
            if divide && next == 0.0 {
                return Err("it divides by zero".to_owned());
            }
            value = if divide { value / next } else { value * next };
            whole = whole && next_whole;
            if whole {
                value = value.trunc();
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    /// A value, and whether it is a whole number by the rules of formulas.
    fn term(&mut self) -> Result<(f64, bool), String> {
        if self.eat('{') {
            let value = self.expression()?;
            self.expect('}')?;
            // A formula resolves to a whole number.
            return Ok((value.trunc(), true));
        }
        if self.eat('(') {
            let value = self.expression()?;
            self.expect(')')?;
            return Ok((value, value.fract() == 0.0));
        }
        let word = self.word();
        if word.is_empty() {
            return Err(match self.rest.chars().next() {
                Some(other) => format!("`{other}` is not expected"),
                None => "it ends too early".to_owned(),
            });
        }
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            // A double would also be read from `1e3` and `1.5`, which are no integers of a formula.
            let digits = word.bytes().all(|c| c.is_ascii_digit());
            let number = digits.then(|| word.parse().ok()).flatten();
            return number
                .map(|number| (number, true))
                .ok_or_else(|| format!("`{word}` is no number"));
        }
        match word {
            "DBInstanceClassMemory" => Ok((self.variables.memory_bytes.trunc(), true)),
            "GREATEST" => self.arguments(f64::max).map(|value| (value, true)),
            "LEAST" => self.arguments(f64::min).map(|value| (value, true)),
            "SUM" => self
                .arguments(|left, right| left + right)
                .map(|value| (value, true)),
            "log" => {
                self.expect('(')?;
                let (left, divisor) = self.quotient()?;
                self.expect(')')?;
                Ok(((left / divisor).log2(), false))
            }
            other => Err(format!("`{other}` is not known")),
        }
    }

    /// The argument of a `log`: a term, or the exact quotient of two.
    fn quotient(&mut self) -> Result<(f64, f64), String> {
        let (left, _) = self.term()?;
        if !self.eat('/') {
            return Ok((left, 1.0));
        }
        let (right, _) = self.term()?;
        if right == 0.0 {
            return Err("it divides by zero".to_owned());
        }
        Ok((left, right))
    }

    fn arguments(&mut self, join: impl Fn(f64, f64) -> f64) -> Result<f64, String> {
        self.expect('(')?;
        let mut value = self.expression()?;
        while self.eat(',') {
            let next = self.expression()?;
            value = join(value, next);
        }
        self.expect(')')?;
        Ok(value)
    }

    fn word(&mut self) -> &'a str {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest.trim_start();
        word
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.eat(wanted) {
            Ok(())
        } else {
            Err(format!("`{wanted}` is missing before `{}`", self.rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: f64 = 1_073_741_824.0;

    fn value(formula: &str, gib: f64) -> Result<f64, String> {
        let memory_bytes = gib * GIB;
        evaluate(formula, Variables { memory_bytes })
    }

    #[test]
    fn default_formulas_of_the_engines_are_understood() {
        let postgres = "LEAST({DBInstanceClassMemory/9531392},5000)";
        assert_eq!(value(postgres, 16.0), Ok(1802.0));
        assert_eq!(value(postgres, 64.0), Ok(5000.0));
        assert_eq!(value("{DBInstanceClassMemory/12582880}", 8.0), Ok(682.0));
        assert_eq!(
            value("LEAST({DBInstanceClassMemory/25165760},12000)", 8.0),
            Ok(341.0)
        );
        let aurora_mysql = "GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})";
        // The guide says 1,000, 2,000 and 90 for the memory that is left of 15.25, 30.5 and 4 GiB.
        assert_eq!(value(aurora_mysql, 15.25), Ok(1000.0));
        assert_eq!(value(aurora_mysql, 30.5), Ok(2000.0));
        assert_eq!(value(aurora_mysql, 4.0), Ok(108.0));
    }

    #[test]
    fn numbers_sums_and_spaces_are_understood() {
        assert_eq!(value("500", 1.0), Ok(500.0));
        assert_eq!(
            value(" SUM( {DBInstanceClassMemory/1073741824}, 10 ) ", 4.0),
            Ok(14.0)
        );
        assert_eq!(value("{DBInstanceClassMemory*3/4}", 4.0), Ok(3.0 * GIB));
        assert_eq!(
            value("{DBInstanceClassMemory/1000000000*10}", 4.0),
            Ok(40.0),
            "a quotient is cut"
        );
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_never_a_number() {
        for formula in [
            "",
            "{",
            "{DBInstanceClassMemory",
            "LEAST(1,)",
            "LEAST 1,2",
            "{AllocatedStorage/1024}",
            "5000 connections",
            "{DBInstanceClassMemory/0}",
            "log(0)",
            "-1",
            "1e3",
            "1..2",
        ] {
            assert!(value(formula, 4.0).is_err(), "{formula}");
        }
        assert!(value(&"{".repeat(10_000), 4.0).is_err());
    }
}
