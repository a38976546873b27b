/*
 * Who succeeds a keeper that was killed. Commands that find the keeper of pool.json dead follow the line of keeper-PLACE files
 * (src/keeper/succession.ts) to its end. If that process lives, it is about to take over, and they wait; if not, each starts a
 * keeper that is to succeed it (src/keeper/replace-dead-keeper.ts), and of those one creates the file (link(2): exclusive, and whole at once) and acts. No id can come into the chain twice.
 *
 * Properties: never two keepers that act; if nothing can move any more, no command waits and pool.json names a living keeper.
 *
 * Seeded faults, each a -D: TEST_THEN_WRITE (no exclusive creation), TIDY (a keeper removes the files before its own),
 * RECORD_ONLY (nobody follows the chain), NO_WATCH (a command waits for a successor without a look whether it lives),
 * REVIVER_IN_CHAIN (the command itself is a link, and its keeper succeeds it: the chain closes to a ring).
 */
#ifndef COMMANDS
#define COMMANDS 2
#endif
#ifndef CRASHES
#define CRASHES 3          /* the first keeper's death among them */
#endif
#ifndef STARTS
#define STARTS 7           /* keepers that may be started: enough, Monitor would tell */
#endif
/* Processes: the first keeper, the commands, the keepers that they start. */
#define FIRST 0
#define KEEPERS (COMMANDS + 1)
#define PROCESSES (KEEPERS + STARTS)
#define NOBODY 31

bool living[PROCESSES];
bool acting[PROCESSES];    /* keepers that may touch the FIFO's content */
byte after[PROCESSES];     /* who has the place behind it: the file keeper-PLACE */
byte record = FIRST;       /* pool.json */
byte next = KEEPERS;       /* of the keepers to be started */
byte actors = 1;           /* how many act */
byte waiting;              /* commands without a keeper */
byte crashes = CRASHES;

inline act(me)
{
	acting[me] = true;
	actors++;
	assert(actors == 1)
}

inline die(who)
{
	living[who] = false;
	if
	:: acting[who] -> acting[who] = false; actors--
	:: else
	fi
}

proctype Keeper(byte me; byte former)
{
	{
		/* link(2): it exits if another one succeeds that one. */
#ifdef TEST_THEN_WRITE
		if
		:: after[former] == NOBODY
		:: else -> goto lost
		fi;
		atomic { after[former] = me; act(me) };
#else
		atomic {
			if
			:: after[former] == NOBODY -> after[former] = me; act(me)
			:: else -> goto lost
			fi
		};
#endif
		/* It tops the pool up: slots.pml. */
		record = me;
#ifdef TIDY
		d_step { after[FIRST] = NOBODY; former = KEEPERS;
			do
			:: former < PROCESSES -> after[former] = NOBODY; former++
			:: else -> break
			od };
#endif
end:		false;
lost:		living[me] = false
	} unless { !living[me] }
}

proctype Command(byte me)
{
	byte k, child, found, hops;
	{
		skip;
again:		/* pool.json, then /proc */
		k = record;
		if
		:: living[k] -> goto done
		:: else
		fi;
#ifndef RECORD_ONLY
follow:		atomic {
			found = after[k];
			if
			:: found != NOBODY -> k = found; found = 0; hops++; assert(hops < PROCESSES); goto follow
			:: else -> found = 0; hops = 0
			fi
		};
#endif
#ifdef REVIVER_IN_CHAIN
		if
		:: k == me -> goto revive
		:: else
		fi;
#endif
		if
		:: living[k] ->
			/* Looks once a second, at both. */
#ifdef NO_WATCH
			atomic { living[record] -> goto done }
#else
			if
			:: atomic { living[record] -> goto done }
			:: atomic { !living[k] -> goto again }
			fi
#endif
		:: else
		fi;
#ifdef REVIVER_IN_CHAIN
		atomic {
			if
			:: after[k] == NOBODY -> after[k] = me
			:: else -> goto again
			fi
		};
revive:		k = me;
#endif
		atomic { assert(next < PROCESSES); child = next; next++; living[child] = true; run Keeper(child, k) };
		/* "ready", or the end of its output */
		if
		:: atomic { record == child -> child = 0; goto again }
		:: atomic { !living[child] -> child = 0; goto again }
		fi;
done:		skip;
		d_step { waiting--; k = 0; living[me] = false }
	} unless { atomic { !living[me] -> k = 0; child = 0 } }
}

proctype Killer()
{
	byte victim;
	do
	:: atomic { crashes > 0 ->
		select(victim : 0 .. PROCESSES - 1);
		if
		:: living[victim] -> crashes--; die(victim);
			if
			:: victim > FIRST && victim < KEEPERS -> waiting--
			:: else
			fi
		:: else
		fi;
		victim = 0 }
	:: break
	od
}

proctype Monitor()
{
	atomic { timeout -> assert(waiting == 0) }
}

init {
	atomic {
		byte i;
		for (i : 0 .. PROCESSES - 1) { after[i] = NOBODY };
		living[FIRST] = true;
		acting[FIRST] = true;
		for (i : 1 .. COMMANDS) { living[i] = true; waiting++; run Command(i) };
		i = 0;
		run Killer();
		run Monitor()
	}
}
