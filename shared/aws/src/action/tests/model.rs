//! Everything that can come at once, in any order: two alarms that flap, deliveries again and late, calls by hand,
//! approvals used twice, changes taken back by the sweeper and by hand, in three sandboxes whose clocks differ, with a
//! journal, topic, bucket and knob that fail for a while, and handlers that are killed.
//!
//! The world is in memory and answers at once, so handlers are interleaved by hand: they give others their turn after
//! every call ([`crate::fixture`], turns), and a move of the model says who goes on. What must always hold is looked
//! at after every turn; then all comes to rest, and what must hold in the end is looked at.

mod moves;
mod sound;

use std::rc::Rc;
use std::task::Poll;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::fixture::{Fault, Knob, OTHER_ALARM};
use moves::Move;

/// What level the machine has when nobody raised it, and the highest that one alarm's worth makes of it.
const BASELINE: i64 = 10;
const RAISED: i64 = 15;

const SANDBOXES: usize = 3;

/// Turns in a row without a call to the outside, after which a handler hangs.
const IDLE: usize = 12;

/// Something that was delivered at least once.
#[derive(Debug)]
struct Event {
    body: Value,
    request: String,
    /// Whether a delivery of it ended so that Lambda does not deliver it again.
    ended: bool,
}

/// A handler at work.
struct Live {
    future: LocalBoxFuture<'static, Result<Value, OpsError>>,
    event: usize,
    /// When Lambda ends it.
    deadline: Timestamp,
}

#[derive(Default)]
struct Sandbox {
    app: Option<Rc<ActionApp<Actor>>>,
    live: Option<Live>,
    /// How far its clock runs ahead.
    skew: SignedDuration,
    /// How many of this place were killed before it.
    number: usize,
}

struct Model {
    world: World,
    machine: Shared,
    mode: &'static str,
    /// The true time, which is also the table's.
    now: Timestamp,
    faults: Vec<Fault>,
    sandboxes: [Sandbox; SANDBOXES],
    events: Vec<Event>,
    /// When the level was raised, and by which occasion.
    raised: Vec<(Timestamp, String)>,
}

type Sound = Result<(), String>;

impl Model {
    fn new(mode: &'static str) -> Self {
        let world = World::default();
        world.turns.take();
        let mut model = Self {
            world,
            machine: machine(),
            mode,
            now: at(MORNING),
            faults: Vec::new(),
            sandboxes: Default::default(),
            events: Vec::new(),
            raised: Vec::new(),
        };
        model.pass(0);
        model
    }

    /// Time goes on. Handlers whose time is up are ended, as Lambda does.
    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.world.table.lock().unwrap().clock = Some(self.now);
        for number in 0..SANDBOXES {
            let over = |live: &Live| live.deadline <= self.now;
            if self.sandboxes[number].live.as_ref().is_some_and(over) {
                self.kill(number);
            }
        }
    }

    fn kill(&mut self, number: usize) {
        let sandbox = &mut self.sandboxes[number];
        (sandbox.live, sandbox.app) = (None, None);
        sandbox.number += 1;
    }

    fn name(&self, number: usize) -> String {
        format!("sandbox-{number}.{}", self.sandboxes[number].number)
    }

    /// A new event.
    fn event(&mut self, body: Value) -> usize {
        let request = format!("r-{}", self.events.len());
        self.events.push(Event {
            body,
            request,
            ended: false,
        });
        self.events.len() - 1
    }

    /// Begins to handle an event. A sandbox handles one at a time: what it is at is ended first.
    async fn deliver(&mut self, number: usize, event: usize) -> Sound {
        self.finish(number).await?;
        if let Some(live) = &self.sandboxes[number].live {
            let left = live.deadline.duration_since(self.now).as_secs();
            self.pass(left);
        }
        let (world, machine, mode) = (&self.world, &self.machine, self.mode);
        let app = self.sandboxes[number]
            .app
            .get_or_insert_with(|| Rc::new(world.actor(mode, machine)));
        let app = Rc::clone(app);
        let Event { body, request, .. } = &self.events[event];
        let mut invocation = invocation(MORNING, request);
        let here = self.now + self.sandboxes[number].skew;
        (invocation.now, invocation.deadline) = (here, here + SignedDuration::from_secs(60));
        invocation.sandbox = self.name(number);
        let body = body.to_string();
        let future = async move { handle_action(&app, body.as_bytes(), &invocation).await };
        self.sandboxes[number].live = Some(Live {
            future: future.boxed_local(),
            event,
            deadline: self.now + SignedDuration::from_secs(60),
        });
        Ok(())
    }

    /// Lets a handler go on up to its next call, and looks at what came of it.
    async fn step(&mut self, number: usize) -> Sound {
        let before = self.look();
        let Some(live) = &mut self.sandboxes[number].live else {
            return Ok(());
        };
        let turn = futures::poll!(live.future.as_mut());
        // Tokio's budget of a task is renewed only when the task itself gives way.
        tokio::task::yield_now().await;
        if let Poll::Ready(answer) = turn {
            // A rejected event is not delivered again.
            let ended =
                answer.as_ref().is_ok_and(|_| true) || answer.is_err_and(|error| !error.is_transient());
            self.events[live.event].ended |= ended;
            self.sandboxes[number].live = None;
        }
        self.holds(number, &before)
    }

    /// Lets a handler go on until it ends or hangs.
    async fn finish(&mut self, number: usize) -> Sound {
        let (mut idle, mut calls) = (0, 0);
        while self.sandboxes[number].live.is_some() && idle < IDLE {
            self.step(number).await?;
            let now = self.world.gate.moments();
            idle = if now == calls { idle + 1 } else { 0 };
            calls = now;
        }
        Ok(())
    }

    async fn make(&mut self, a_move: &Move) -> Sound {
        match *a_move {
            Move::Alarm { sandbox, other, ago } => {
                let changed = self.now - SignedDuration::from_secs(ago);
                let changed = changed.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
                let mut body = alarm_at(&changed, "ALARM");
                if other {
                    body["resources"] = json!([OTHER_ALARM]);
                    body["detail"]["alarmName"] = json!("prod-a-waits");
                }
                let event = self.event(body);
                self.deliver(sandbox, event).await
            }
            Move::ByHand { sandbox } => {
                let event = self.event(json!({ "targets": ["prod-a"] }));
                self.deliver(sandbox, event).await
            }
            Move::Again { sandbox, event } if !self.events.is_empty() => {
                self.deliver(sandbox, event % self.events.len()).await
            }
            Move::Approve { sandbox, plan } => match self.plans() {
                plans if plans.is_empty() => Ok(()),
                plans => {
                    let plan = &plans[plan % plans.len()];
                    let event = self.event(json!({ "targets": ["prod-a"], "approve": plan }));
                    self.deliver(sandbox, event).await
                }
            },
            Move::Revert { sandbox, lease } => match lease_ids(&self.world) {
                ids if ids.is_empty() => Ok(()),
                ids => {
                    let id = &ids[lease % ids.len()];
                    let event = self.event(json!({ "task": "revert", "lease": id }));
                    self.deliver(sandbox, event).await
                }
            },
            Move::Sweep { sandbox } => self.sweep(sandbox).await,
            Move::Step { sandbox, calls } => {
                for _ in 0..calls {
                    self.step(sandbox).await?;
                }
                Ok(())
            }
            Move::Finish { sandbox } => self.finish(sandbox).await,
            Move::Kill { sandbox } => {
                self.kill(sandbox);
                Ok(())
            }
            Move::Wait { seconds } => {
                self.pass(seconds);
                Ok(())
            }
            Move::Break(fault) => {
                self.faults.push(fault);
                self.world.break_with(&self.faults);
                Ok(())
            }
            Move::Mend => {
                self.mend();
                Ok(())
            }
            Move::Turn(knob) => {
                change(&self.machine, |machine| machine.knob = knob);
                Ok(())
            }
            Move::Breaching(breaching) => {
                change(&self.machine, |machine| machine.breaching = breaching);
                Ok(())
            }
            Move::Clock { sandbox, minutes } => {
                self.sandboxes[sandbox].skew = SignedDuration::from_mins(minutes);
                Ok(())
            }
            Move::Again { .. } => Ok(()),
        }
    }

    fn mend(&mut self) {
        self.faults.clear();
        self.world.break_with(&[]);
        change(&self.machine, |machine| machine.knob = Knob::Works);
    }

    /// Delivers one due lease to its function, as the sweeper does.
    async fn sweep(&mut self, sandbox: usize) -> Sound {
        let due = self
            .open()
            .into_iter()
            .find(|lease| lease.expires_at <= Some(self.now));
        let Some(lease) = due else { return Ok(()) };
        let event = self.event(json!({ "task": "revert", "lease": lease.id }));
        self.deliver(sandbox, event).await
    }

    /// Everything works again; what did not end is delivered again, and what is temporary ends.
    async fn rest(&mut self) -> Sound {
        (0..SANDBOXES).for_each(|number| self.kill(number));
        self.mend();
        for event in 0..self.events.len() {
            for _ in 0..3 {
                // Longer than a handler lives, and than what it held.
                self.pass(70);
                if !self.events[event].ended {
                    let sandbox = event % SANDBOXES;
                    self.deliver(sandbox, event).await?;
                    self.finish(sandbox).await?;
                }
            }
            if !self.events[event].ended {
                return Err(format!(
                    "three more deliveries did not end {:?}",
                    self.events[event]
                ));
            }
        }
        self.pass(61 * 60);
        for round in 0..2 * self.open().len() {
            self.sweep(round % SANDBOXES).await?;
            self.finish(round % SANDBOXES).await?;
            self.pass(5 * 60);
        }
        self.rests()
    }
}

/// Makes all moves, and says what did not hold.
fn run(mode: &'static str, moves: &[Move], prepare: impl FnOnce(&mut Machine)) -> Sound {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut model = Model::new(mode);
        change(&model.machine, prepare);
        for a_move in moves {
            model
                .make(a_move)
                .await
                .map_err(|why| format!("{a_move:?}: {why}"))?;
        }
        model.rest().await.map_err(|why| format!("at rest: {why}"))
    })
}

/// 64, about ten seconds in a dev build; with `PROPTEST_CASES` set, a quarter of that.
fn cases() -> u32 {
    ProptestConfig::default().cases / 4
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 600, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_at_once_never_adds_up_nor_is_forgotten_d01_d02_d06_d08_d11_d12_d14_d15_d16(
        approve in any::<bool>(), moves in prop::collection::vec(moves::any_move(), 1..40),
    ) {
        let mode = if approve { "approve" } else { "auto" };
        if let Err(why) = run(mode, &moves, |_| {}) {
            prop_assert!(false, "mode {mode}: {why}");
        }
    }
}
