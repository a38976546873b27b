/*
 * Claims with memory (src/slots/memory-rule.ts, grant-memory.ts, wait-for-memory.ts, acquire-slots.ts): memory is reserved first,
 * without a slot; then the claim takes its slot; and if it had to wait for that, it looks again.
 *
 *   Outer      a job, in a token: the first PLAIN without memory, then TREES and ALONE with it. In the job of all but the last ALONE an
 *              inner claim with memory may run, for which the job waits, in the slot of the job.
 *   Outside    programs that take all memory at any time, so that nothing fits any more, if OUTSIDE
 *   Killer     SIGKILL to anybody, CRASHES times; what it held goes back
 *
 * Properties: no job starts beside another one with memory if both do not fit; when nothing can move any more, all have ended.
 *
 * Seeded faults, each a -D: NO_SECOND_LOOK (after the wait for a slot), NO_LOCK (the decision is not one step), WAIT_FOR_RESERVED (a claim
 * in a slot waits for one that waits for a slot), ONE_QUEUE (claims in slots stand behind the others), COUNT_TREES (a job in which all
 * wait counts as running).
 */
#ifndef PLAIN
#define PLAIN 1
#endif
#ifndef TREES
#define TREES 1
#endif
#ifndef ALONE
#define ALONE 1
#endif
#ifndef T
#define T 1                    /* tokens */
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#define OUTERS (PLAIN + TREES + ALONE)
#define MOST 8                 /* claims: at most four outer ones, and their inner ones */
#define M 4                    /* what is free; two outer claims fit side by side, an outer and an inner one do not */
#define NEED(c) ((c) < OUTERS -> 2 : 3)
#define BIT(i) (1 << (i))

/* The phases of a claim. */
#define NONE 0
#define QUEUED 1               /* waits for memory */
#define TRYING 2               /* has memory */
#define WAITS 3                /* waits for a slot: notes */
#define HAS 4                  /* got it */
#define RUNS 5

byte phase[MOST];
byte fifo = T;
byte free = M;
byte living;
byte crashes = CRASHES;

#define inner_of(o) (OUTERS + (o))
#define has_memory(c) ((c) >= PLAIN && (c) < OUTERS + PLAIN + TREES)
#define is_above(d, c) ((c) >= OUTERS && (d) == (c) - OUTERS)

#ifdef COUNT_TREES
#define only_waits(d) 0
#else
#define only_waits(d) ((d) < OUTERS && phase[d] == RUNS && (phase[inner_of(d)] == QUEUED || phase[inner_of(d)] == WAITS))
#endif
#ifdef WAIT_FOR_RESERVED
#define is_in_slot(c) 0
#else
#define is_in_slot(c) ((c) >= OUTERS)
#endif

/* mustWait() */
#define is_running(d) ((phase[d] == TRYING || phase[d] >= HAS) && !only_waits(d))
#define is_other(c, d) ((d) < MOST && (d) != (c) && has_memory(d) && !is_above(d, c))
#define blocks(c, d, inSlot) (is_other(c, d) && (is_running(d) || (phase[d] == WAITS && !(inSlot))))
#define must_wait(c, inSlot) (blocks(c, 0, inSlot) || blocks(c, 1, inSlot) || blocks(c, 2, inSlot) || blocks(c, 3, inSlot) || \
	blocks(c, 4, inSlot) || blocks(c, 5, inSlot) || blocks(c, 6, inSlot) || blocks(c, 7, inSlot))

/* countUnused(): nobody uses anything, which is the worst case. */
#define reserved(c, d) ((d) != (c) && has_memory(d) && phase[d] >= TRYING -> NEED(d) : 0)
#define most(a, b) ((a) > (b) -> (a) : (b))
#define tree(c, o) ((o) < OUTERS -> most((is_above(o, c) -> 0 : reserved(c, o)), reserved(c, inner_of(o))) : 0)
#define unused(c) (tree(c, 0) + tree(c, 1) + tree(c, 2) + tree(c, 3))
#define may_have(c, inSlot) (free >= NEED(c) + unused(c) || !must_wait(c, inSlot))

/* The oldest first: in the order of their numbers. */
#ifdef ONE_QUEUE
#define is_before(c, d) ((d) < (c) && phase[d] == QUEUED)
#else
#define is_before(c, d) ((d) < (c) && ((d) >= OUTERS) == ((c) >= OUTERS) && phase[d] == QUEUED)
#endif
#define is_first(c) (!(is_before(c, 0) || is_before(c, 1) || is_before(c, 2) || is_before(c, 3) || \
	is_before(c, 4) || is_before(c, 5) || is_before(c, 6) || is_before(c, 7)))

/* A job whose inner claim has not started yet does nothing. */
#define does_nothing(d) ((d) < OUTERS && phase[inner_of(d)] != NONE && phase[inner_of(d)] != RUNS)
#define runs_beside(c, d) (is_other(c, d) && phase[d] == RUNS && !does_nothing(d))
#define runs_alone(c) (!(runs_beside(c, 0) || runs_beside(c, 1) || runs_beside(c, 2) || runs_beside(c, 3) || \
	runs_beside(c, 4) || runs_beside(c, 5) || runs_beside(c, 6) || runs_beside(c, 7)))

inline start_job(c)
{
	phase[c] = RUNS;
	assert(!has_memory(c) || M >= NEED(c) + unused(c) || runs_alone(c))
}

/* waitForMemory() */
inline wait_for_memory(c)
{
	phase[c] = QUEUED;
#ifdef NO_LOCK
	(is_first(c) && may_have(c, is_in_slot(c)));
	phase[c] = TRYING
#else
	atomic { is_first(c) && may_have(c, is_in_slot(c)) -> phase[c] = TRYING }
#endif
}

/* acquireSlots(). The slot of the job is always there for its inner claim; whether that notes a wait does not matter. */
inline acquire(c, slots)
{
	do
	:: if
	   :: has_memory(c) -> wait_for_memory(c)
	   :: else
	   fi;
	   if
	   :: atomic { slots > 0 -> slots--; start_job(c); break }
	   :: phase[c] = WAITS;
	      atomic { slots > 0 -> slots--; phase[c] = HAS };
	      atomic {
#ifndef NO_SECOND_LOOK
	        if
	        :: has_memory(c) && !may_have(c, 1) -> phase[c] = QUEUED; slots++
	        :: else ->
#endif
	          start_job(c); break
#ifndef NO_SECOND_LOOK
	        fi
#endif
	      }
	   fi
	od
}

inline end_tree(me)
{
	d_step {
		if
		:: phase[me] >= HAS -> fifo++
		:: else
		fi;
		phase[me] = NONE;
		phase[inner_of(me)] = NONE;
		living = living & ~BIT(me)
	}
}

proctype Outer(byte me)
{
	byte own;
	{
		acquire(me, fifo);
		if
		:: me < PLAIN + TREES ->
			own = 1;
			acquire(inner_of(me), own);
			own = 0;
			phase[inner_of(me)] = NONE
		:: true
		fi;
		end_tree(me)
	} unless { !(living & BIT(me)) }
}

proctype Outside()
{
	if
	:: free = 0
	:: true
	fi
}

proctype Killer()
{
	byte victim;
	do
	:: atomic { crashes > 0 ->
		select(victim : 0 .. OUTERS - 1);
		if
		:: living & BIT(victim) -> crashes--; end_tree(victim)
		:: else
		fi;
		victim = 0 }
	:: break
	od
}

proctype Monitor()
{
	timeout -> assert(living == 0)
}

init {
	atomic {
		byte i;
		living = BIT(OUTERS) - 1;
		for (i : 0 .. OUTERS - 1) { run Outer(i) };
		i = 0;
#ifdef OUTSIDE
		run Outside();
#endif
		run Killer();
		run Monitor()
	}
}
