//! In which order threads are served.

use std::sync::Mutex;

use super::{Errand, IN_A_ROW, Line, MOST, NUMBERS, Queue, Standing};

/// Lets threads with these errands come, one after the other, while somebody has the turn; in which order
/// they are served then, by their places.
fn served(line: &Line, errands: &[Errand]) -> Vec<usize> {
    let order = Mutex::new(Vec::new());
    let waiting = || line.standing().queues.map(Queue::waiting).into_iter().sum::<u32>();
    std::thread::scope(|scope| {
        let turn = line.wait(Errand::Coming);
        for (place, &errand) in errands.iter().enumerate() {
            let order = &order;
            scope.spawn(move || {
                let _turn = line.wait(errand);
                order.lock().expect("nobody panics").push(place);
            });
            while waiting() as usize <= place {
                std::thread::yield_now();
            }
        }
        drop(turn);
    });
    assert!(!line.is_taken());
    order.into_inner().expect("nobody panics")
}

#[test]
fn who_waits_is_served_in_the_order_of_coming() {
    let line = Line::new();
    for errand in [Errand::Coming, Errand::Leaving] {
        let order = served(&line, &[errand; 40]);
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[test]
fn who_leaves_goes_before_all_who_come() {
    let line = Line::new();
    let mut errands = vec![Errand::Coming; 20];
    errands.extend([Errand::Leaving; 5]);
    let order = served(&line, &errands);
    assert_eq!(order, (20..25).chain(0..20).collect::<Vec<_>>());
}

#[test]
fn who_comes_is_kept_waiting_by_so_many_who_leave() {
    let line = Line::new();
    let leaving = IN_A_ROW as usize;
    let mut errands = vec![Errand::Coming; 2];
    errands.extend(vec![Errand::Leaving; 2 * leaving + 3]);
    let order = served(&line, &errands);
    let coming = [0, 1].map(|place| order.iter().position(|&served| served == place));
    assert_eq!(coming, [Some(leaving), Some(2 * leaving + 1)], "{order:?}");
}

#[test]
fn numbers_begin_anew_behind_the_last() {
    let line = Line::new();
    let queue = Queue { next: NUMBERS - 3, served: NUMBERS - 3 };
    let standing = Standing { is_taken: false, queues: [queue; 2] };
    line.standing.store(standing.word(), super::Ordering::Relaxed);
    let order = served(&line, &[Errand::Coming; 9]);
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(line.standing().queues[Errand::Coming as usize], Queue { next: 6, served: 6 });
}

#[test]
fn how_things_stand_is_one_word() {
    for number in [0, 1, MOST, NUMBERS - 1] {
        for other in [0, 5, NUMBERS - 1] {
            let queues =
                [Queue { next: number, served: other }, Queue { next: other, served: number }];
            for is_taken in [false, true] {
                let standing = Standing { is_taken, queues };
                assert_eq!(Standing::of(standing.word()), standing);
            }
        }
    }
}

/// As in the child of a fork.
#[test]
fn a_turn_is_not_given_to_those_who_are_forgotten() {
    let line = Line::new();
    let turn = line.wait(Errand::Coming);
    for errand in [Errand::Coming, Errand::Leaving, Errand::Coming] {
        assert!(line.come(errand).is_some());
    }
    line.forget_others();
    drop(turn);
    assert!(!line.is_taken());
    drop(line.wait(Errand::Leaving));
}

#[test]
fn a_turn_ends_with_a_panic() {
    let line = Line::new();
    let panic = std::panic::catch_unwind(|| {
        let _turn = line.wait(Errand::Coming);
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(panic.is_err() && !line.is_taken());
}
