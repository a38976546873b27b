/*
 * Claims for several slots (src/slots/take-slots.ts, wait-for-slots.ts, stalled-slots.ts): one of them at a time collects, in its
 * turn among those that wait for one token; a recipe keeps its own slot meanwhile. If nothing runs that does not wait, the
 * collector starts with what it has, or leaves its turn to one that has something.
 *
 *   Single     waits for one token
 *   Collector  wants NEED slots; the first RECIPES of them each run in a slot of a make, which is one of those they want
 *   Killer     SIGKILL to anybody, CRASHES times; what it held goes back, and a recipe's slot becomes a token again
 *
 * LOST tokens are missing, as those of a make that was killed: whoever counts on all N waits for ever.
 *
 * Properties: never more than N slots are in use; when nothing can move any more, nobody waits who could have what is there.
 *
 * Seeded faults, each a -D: NO_SETTLE (the collector waits for all it wants), KEEP_TURN (it keeps its turn although it has nothing),
 * COUNT_SLOTS (it settles only if those that wait hold all N slots), NO_TURN (several collect at a time), SETTLE_EARLY (it starts with
 * what it wants, not with what it has).
 */
#ifndef RECIPES
#define RECIPES 2
#endif
#ifndef COLLECTORS
#define COLLECTORS 3           /* the recipes among them */
#endif
#ifndef SINGLES
#define SINGLES 2
#endif
#ifndef T
#define T 1                    /* tokens that no recipe has */
#endif
#ifndef LOST
#define LOST 0
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define NEED 2
#define ALL (COLLECTORS + SINGLES)
#define N (RECIPES + T)
#define NOBODY 255
#define BIT(i) (1 << (i))

byte fifo = T - LOST;
byte collector = NOBODY;       /* who has locks/several */
byte held[ALL];                /* slots of the claim; a recipe's own is one of them once it collects */
byte queue;                    /* waits for a token: notes */
byte waiting;                  /* has not got what it wants */
byte running;
byte living;
byte inUse;                    /* slots in which a job runs */
byte crashes = CRASHES;

#define is_recipe(i) ((i) < RECIPES)
/* The oldest first: in the order of their numbers. */
#define is_first(i) ((queue & (BIT(i) - 1)) == 0)
#ifdef COUNT_SLOTS
#define is_stalled(i) (running == 0 && fifo == 0 && held[i] + RECIPES - is_recipe(i) >= N)
#else
#define is_stalled(i) (running == 0 && fifo == 0)
#endif

inline end_claim(i)
{
	d_step {
		if
		:: running & BIT(i) -> inUse = inUse - held[i]
		:: else
		fi;
		running = running & ~BIT(i);
		queue = queue & ~BIT(i);
		waiting = waiting & ~BIT(i);
		living = living & ~BIT(i);
		/* With a recipe its make returns a token, or ends with its own slot; here it is a token. */
		if
		:: is_recipe(i) && held[i] == 0 -> fifo++
		:: else -> fifo = fifo + held[i]
		fi;
		held[i] = 0;
		if
		:: collector == i -> collector = NOBODY
		:: else
		fi
	}
}

inline start_job(i, slots)
{
	d_step {
		queue = queue & ~BIT(i);
		waiting = waiting & ~BIT(i);
		running = running | BIT(i);
		inUse = inUse + slots;
		assert(inUse <= N);
		if
		:: collector == i -> collector = NOBODY
		:: else
		fi
	}
}

proctype Single(byte me)
{
	{
		queue = queue | BIT(me);
		atomic { is_first(me) && fifo > 0 -> fifo--; held[me] = 1 };
		start_job(me, 1);
		end_claim(me)
	} unless { !(living & BIT(me)) }
}

proctype Collector(byte me)
{
	byte other;
	{
		do
#ifdef NO_TURN
		:: atomic { !(queue & BIT(me)) ->
#else
		:: atomic { collector == NOBODY ->
			collector = me;
#endif
			queue = queue | BIT(me);
			if
			:: is_recipe(me) && held[me] == 0 -> held[me] = 1
			:: else
			fi }
		:: atomic { (queue & BIT(me)) && is_first(me) && fifo > 0 ->
			fifo--;
			held[me]++;
			if
			:: held[me] == NEED -> break
			:: else
			fi }
#ifndef NO_SETTLE
		:: atomic { collector == me && is_stalled(me) && held[me] > 0 -> break }
#endif
#ifndef KEEP_TURN
		/* Only to one that waits for its turn and has a slot. */
		:: atomic { collector == me && is_stalled(me) && held[me] == 0 && (waiting & (BIT(RECIPES) - 1)) ->
			other = 0;
			do
			:: waiting & BIT(other) -> break
			:: else -> other++
			od;
			collector = other;
			queue = (queue & ~BIT(me)) | BIT(other);
			held[other] = 1;
			other = 0 }
#endif
		od;
#ifdef SETTLE_EARLY
		start_job(me, NEED);
#else
		start_job(me, held[me]);
#endif
		end_claim(me)
	} unless { !(living & BIT(me)) }
}

proctype Killer()
{
	byte victim;
	do
	:: atomic { crashes > 0 ->
		select(victim : 0 .. ALL - 1);
		if
		:: living & BIT(victim) -> crashes--; end_claim(victim)
		:: else
		fi;
		victim = 0 }
	:: break
	od
}

proctype Monitor()
{
	timeout ->
	/* A collector that is no recipe may wait for tokens that are lost, but nobody for what is there. */
	assert((waiting & (BIT(RECIPES) - 1)) == 0);
	assert(!(fifo > 0 && (waiting >> COLLECTORS)));
	assert(!(fifo >= NEED && waiting))
}

init {
	atomic {
		byte i;
		living = BIT(ALL) - 1;
		waiting = living;
		for (i : 0 .. COLLECTORS - 1) { run Collector(i) };
		for (i : COLLECTORS .. ALL - 1) { run Single(i) };
		i = 0;
		run Killer();
		run Monitor()
	}
}
