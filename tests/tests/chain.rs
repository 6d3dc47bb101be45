//! How many exchanges waited for one another, told by what overlapped what.

use day2_platform::faults::Exchange;

/// The most exchanges of which each was answered before the next began, up to this one.
pub(crate) fn longest(calls: &[Exchange], last: &Exchange) -> usize {
    let mut done: Vec<&Exchange> = calls.iter().filter(|call| call.is_before(last)).collect();
    done.sort_by_key(|call| call.answered);
    let mut depths: Vec<usize> = Vec::new();
    for (index, call) in done.iter().enumerate() {
        let earlier = done[..index].iter().zip(&depths);
        let waited = earlier
            .filter(|(one, _)| one.is_before(call))
            .map(|(_, depth)| *depth);
        depths.push(waited.max().unwrap_or(0) + 1);
    }
    depths.into_iter().max().unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use day2_platform::faults::Call;

    use super::*;

    fn call(began: u64, answered: u64) -> Exchange {
        Exchange {
            call: Call::named("kubernetes", "get pods", "shop/p"),
            began,
            answered: Some(answered),
            forwarded: true,
            done: Some(200),
            status: Some(200),
            fault: None,
        }
    }

    #[test]
    fn only_what_waited_counts_as_one_more() {
        let together = [call(1, 4), call(2, 5), call(3, 6)];
        assert_eq!(longest(&together, &call(7, 8)), 2);
        let one_by_one = [call(1, 2), call(3, 4), call(5, 6)];
        assert_eq!(longest(&one_by_one, &call(7, 8)), 4);
        // One that still runs is not waited for.
        assert_eq!(longest(&[call(1, 9), call(2, 3)], &call(7, 8)), 2);
    }
}
