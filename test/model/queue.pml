/*
 * The queue of processes that wait for a token (src/slots/token-queue.ts, wait-for-slots.ts): only the first reads the FIFO; a
 * process that leaves the queue wakes the next one; each looks now and then whether the one ahead is still there. In a pool of
 * ours the keeper looks after dead claims, in one of make's (FOREIGN) the first in the queue does.
 *
 *   Waiter  writes its note, looks who is ahead, takes a token, leaves the queue, and puts the token back after its job
 *   Keeper  sweeps the claims of the dead, and wakes the first if tokens are there (src/keeper/keeper.ts)
 *   Killer  SIGKILL at any step, CRASHES times, to the keeper too; SIGSTOP, STOPS times, and perhaps SIGCONT
 *
 * LASTING: the job of the first one does not end before all others have got a token.
 *
 * Property: where nothing can move any more, there is no token that a waiter which lives and is not stopped waits for, and no
 * claim of the dead while such a one waits. That no token is lost is slots.pml's part.
 *
 * Seeded faults, each a -D: NO_RECHECK (no look ahead after the note is there), NO_WAKE (nobody wakes the next), WAKE_ANYBODY (the
 * first note counts, also of a process that is dead or stopped), COUNT_ALL (such a process counts as ahead), NO_LOOK (a process
 * behind never looks), LOOK_AT_PROCESS (one that lives counts as ahead, also if it has left the queue), NO_HEIR (only the first
 * from the beginning sweeps).
 */
#ifndef W
#define W 3                /* waiters, in the order of the queue */
#endif
#ifndef T
#define T 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef STOPS
#define STOPS 1
#endif

#define BIT(i) (1 << (i))
#define ALL (BIT(W) - 1)
#define is_ready(i) ((living & BIT(i)) != 0 && (stopped & BIT(i)) == 0)
#define dead (ALL & ~living & (notes | held))

byte fifo = T;             /* tokens in it */
byte notes;                /* locks/waits-token+ID */
byte woken;                /* SIGURG is pending */
byte reading;              /* has the FIFO in its epoll */
byte held;                 /* has a token */
byte waiting;              /* for the proof: has not got what it wants */
byte living = ALL;
byte stopped;
byte crashes = CRASHES;
byte stops = STOPS;
#ifdef FOREIGN
#define is_kept 0
#else
bit is_kept = 1;           /* the keeper lives */
#endif

inline clear(mask, i)
{
	mask = mask & ~BIT(i)
}

/* Returns what the dead hold, and removes their notes. */
inline sweep()
{
	d_step {
		k = 0;
		do
		:: k < W ->
			if
			:: (dead & held & BIT(k)) -> fifo++
			:: else
			fi;
			k++
		:: else -> break
		od;
		k = dead;
		notes = notes & ~k;
		held = held & ~k;
		k = 0
	}
}

/* Wakes the first of those names that can be woken and can go on. */
inline wake_next(names)
{
	k = 0;
	do
	:: k == W -> break
#ifdef WAKE_ANYBODY
	:: k < W && (names & BIT(k)) -> woken = woken | BIT(k); break
	:: k < W && !(names & BIT(k)) -> k++
#else
	:: k < W && (names & BIT(k)) && is_ready(k) -> woken = woken | BIT(k); break
	:: k < W && !((names & BIT(k)) && is_ready(k)) -> k++
#endif
	od;
	k = 0
}

#ifdef COUNT_ALL
#define counts(i) 1
#else
#define counts(i) is_ready(i)
#endif

#ifdef LOOK_AT_PROCESS
#define is_still_ahead(i) is_ready(i)
#else
#define is_still_ahead(i) ((notes & BIT(i)) && counts(i))
#endif

#ifdef NO_HEIR
#define is_sweeper(i) ((i) == 0)
#else
#define is_sweeper(i) 1
#endif

proctype Waiter(byte me) provided (!(stopped & BIT(_pid - 1)))
{
	byte names, ahead, k;
	{
		skip;
#ifdef NO_RECHECK
		names = notes & (BIT(me) - 1);
		notes = notes | BIT(me);
		goto known;
#else
		notes = notes | BIT(me);
#endif
again:		/* readdir(3), then /proc for each, the nearest first */
		names = notes & (BIT(me) - 1);
known:		ahead = me;
		do
		:: ahead == 0 -> goto first
		:: ahead > 0 && (names & BIT(ahead - 1)) && counts(ahead - 1) -> break
		:: ahead > 0 && !((names & BIT(ahead - 1)) && counts(ahead - 1)) -> ahead--
		od;
		names = 0;
		if
		:: atomic { woken & BIT(me) -> clear(woken, me); goto again }
		:: atomic { (reading & BIT(me)) && fifo > 0 -> fifo--; held = held | BIT(me) }
#ifndef NO_LOOK
		:: !is_still_ahead(ahead - 1) -> goto again
#endif
		fi;
		goto leave;
first:		names = 0;
		reading = reading | BIT(me);
		if
		:: atomic { fifo > 0 -> fifo--; held = held | BIT(me) }
		:: atomic { woken & BIT(me) -> clear(woken, me); goto again }
		/* It looks once a second. */
#ifdef FOREIGN
		:: dead && is_sweeper(me) -> sweep(); goto again
#else
		:: !is_kept -> is_kept = 1; goto again
#endif
		fi;
leave:		skip;
		d_step { clear(notes, me); clear(waiting, me) };
#ifndef NO_WAKE
		names = notes;
		wake_next(names);
#endif
		/* Its job runs, and ends. */
#ifdef LASTING
		(me > 0 || !waiting);
#endif
		d_step { clear(held, me); fifo++; names = 0; ahead = 0; clear(reading, me); clear(woken, me); clear(living, me) }
	} unless { !(living & BIT(me)) }
}

#ifndef FOREIGN
proctype Keeper()
{
	byte k;
end:	do
	:: atomic { is_kept && dead -> sweep() }
	/* It wakes the first each second; without tokens nothing would come of that. */
	:: atomic { is_kept && fifo > 0 && (notes & living & ~stopped & ~woken) -> wake_next(notes) }
	od
}
#endif

proctype Killer()
{
	byte victim;
	do
	:: atomic { crashes > 0 ->
		select(victim : 0 .. W);
		if
		:: victim < W && (living & BIT(victim)) -> crashes--; clear(living, victim); clear(waiting, victim)
#ifndef FOREIGN
		:: victim == W && is_kept -> crashes--; is_kept = 0
#endif
		:: else
		fi;
		victim = 0 }
	:: atomic { stops > 0 ->
		select(victim : 0 .. W - 1);
		if
		:: is_ready(victim) -> stops--; stopped = stopped | BIT(victim)
		:: else
		fi;
		victim = 0 }
	:: stopped -> stopped = 0
	:: break
	od
}

proctype Monitor()
{
	do
	:: atomic {
		timeout ->
		assert(!(fifo > 0 && (waiting & ~stopped)));
		assert(!(dead && (waiting & ~stopped)));
		/* What is stopped goes on in the end. */
		if
		:: stopped -> stopped = 0
		:: else -> break
		fi }
	od
}

init {
	atomic {
		byte i;
		waiting = ALL;
		for (i : 0 .. W - 1) { run Waiter(i) };
		i = 0;
#ifndef FOREIGN
		run Keeper();
#endif
		run Killer();
		run Monitor()
	}
}
