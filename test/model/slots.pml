/*
 * The slot protocol: what js-run, the keeper and a foreign client (make) do to a pool of ours, one step for
 * each system call that others can see. model.test.ts says which sizes are explored, and that every seeded fault is found.
 *
 *   Run     src/commands/js-run.ts, src/slots/{acquire-slots,take-slots,wait-for-slots,claim,locks,exchange-token,find-heir,
 *           release-claim}.ts: one claim, one job
 *   Keeper  src/keeper/{keeper,put-back-lost-tokens}.ts and its successor: sweeps, repairs, tops up, starts again after it was killed.
 *           That only one keeper acts at a time is succession.pml's part; here the successor just starts.
 *   Make    a client that takes tokens without a claim, and loses them when it is killed (PROTOCOL 23)
 *   Killer  SIGKILL at any step of any of them, CRASHES times
 *
 * NO_TOPUP, NO_MTIME, LATE_FINGERPRINT, FORK_GAP, TRUST_OURS and SLEEP_ANYWHERE are no inventions: src/ did so once, and each is a
 * way to one job too many, a hang, or a token lost.
 *
 * Left out: pid namespaces, half-written claims (an empty claim holds nothing), what a person writes into the FIFO.
 *
 * Properties: (1) the asserts at every write, return and fork: never more than T tokens, never a slot back whose job runs,
 * never more than N jobs; (2), (3) Monitor: if nothing can move any more, nobody waits, no claim is left, T tokens are there.
 *
 * (4) NEEDY jobs end only when Make has got a token: a slot that stays idle while Make waits for it is a hang.
 *
 * Seeded faults, each a -D: PUT_FIRST RETURN_TWICE FORGET_JOB FORK_GAP UNLOCK_ANY (slots); NO_EXCHANGE PUT_BEFORE_LINE
 * FORGET_LEAVING (a token for the implicit slot); FORGET_HEIR (what a job has left in its slot); NO_SECOND_LOOK NO_MTIME
 * LATE_FINGERPRINT CLEAN_START TRUST_OURS SLEEP_ANYWHERE (repair); NO_TOPUP LOOK_BEFORE_DRAIN READ_BEFORE_SLEEP LIVE_ONLY PARTS_ARE_STABLE (top up, succession).
 */
#ifndef N
#define N 2
#endif
#define T (N - 1)          /* tokens when all are there */
#ifndef RUNS
#define RUNS 3             /* js-run processes */
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef OWNED
#define OWNED 1            /* bit i: Run i may take the session's implicit slot; the others have no slot owner (setsid) */
#endif
#ifndef SEVERAL
#define SEVERAL 0          /* bit i: Run i wants two slots */
#endif
#ifndef NESTED
#define NESTED 0           /* 1: Run 1 is started by the job of Run 0, and may take the slot that Run 0 gives to that */
#endif
#ifndef IDLE
#define IDLE 0             /* bit i: Run i does not start */
#endif
#ifndef ELSEWHERE
#define ELSEWHERE 0        /* bit i: Run i has its claim in a folder that nobody else sees (a container that has only the FIFO) */
#endif
#ifndef MAKES
#define MAKES 0            /* 1: there is a foreign client */
#endif

#ifndef NEEDY
#define NEEDY 0            /* bit i: the job of Run i is a client that cannot end before Make has got a token */
#endif

#define KEEPER RUNS
#define MAKE (RUNS + 1)
#define NOBODY 15
#define KEEPER_NAME (8 + lives)   /* as a returner: no two keepers have the same id */
#define BIT(i) (1 << (i))
#define ALL_RUNS (BIT(RUNS) - 1)
#define is_alive(i) ((living & BIT(i)) != 0)
#define is_named_alive(name) ((name) < 8 -> is_alive(name) : ((name) == KEEPER_NAME && is_alive(KEEPER)))

/* The FIFO. */
byte fifo = T;             /* tokens in it; gone when nobody has it open (PROTOCOL 11) */
byte openers = BIT(KEEPER);/* processes that have it open */
bit written;               /* since the keeper's drain: mtime */
bit touched;               /* since the keeper knew it to be right: the repair's `dirty` */

/* Processes. */
byte living = BIT(KEEPER);
byte asleep;               /* in epoll_wait */
bit ready = 1;             /* pool.json names a living keeper */
byte hand[RUNS];           /* bytes read but not yet written down */
byte made;                 /* tokens that Make has */
bit fed;                   /* it has had one, or was killed */
byte crashes = CRASHES;
byte killed;               /* by SIGKILL */
byte lives;                /* how many keepers were killed */

/* Claim c is that of Run c. */
byte claims;               /* bit c: the file is there */
byte returner[RUNS];       /* ~RETURNER in its name, or NOBODY */
byte tokens[RUNS];         /* its `token` lines less its `back` lines */
byte leaving;              /* bit c: one `put` line less than `back` lines */
byte recorded;             /* bit c: its `job` line */
byte slot = NOBODY;        /* locks/slot-SESSION: the claim whose file it is a second name of */
byte several = NOBODY;     /* locks/several */
#if NESTED
bit below;                 /* locks/slot-below-RUN0: Run 1 has it */
bit waits;                 /* locks/waits-slot-below-RUN0+RUN1 */
bit heir;                  /* claim 0 is called RUN1-RUN0: Run 1 is its holder */
#define is_holder_alive(c) is_alive((c) == 0 && heir -> 1 : (c))
#ifdef FORGET_HEIR
#define is_slot_taken(c) 0
#else
#define is_slot_taken(c) ((c) == 0 && below)
#endif
#define is_left_running(c) ((c) == 0 && below && is_running(1))
#else
#define is_holder_alive(c) is_alive(c)
#define is_slot_taken(c) 0
#define is_left_running(c) 0
#endif

/* Jobs go on when their js-run is killed. */
#define FORKED 1           /* its environment does not show the claim yet */
#define STARTED 2          /* after exec: it does */
#define ENDED 3
byte job[RUNS];
#define is_running(c) (job[c] == FORKED || job[c] == STARTED)

/* Only for the proof. */
byte real[RUNS];           /* tokens that claim c still has the right to; its returner's until they are in the FIFO */
byte drained;              /* tokens in the keeper's hand */
bit news = 1;              /* something changed since the keeper's last look: another one would find the same */

#define has_tokens_of(c) (real[c] + hand[c])
#if RUNS == 2
#define held_by_runs (has_tokens_of(0) + has_tokens_of(1))
#if NESTED
/* What runs in the slot of a job is one with that. */
#define jobs ((is_running(0) || (below && is_running(1))) + (is_running(1) && !below))
#else
#define jobs (is_running(0) + is_running(1))
#endif
#else
#define held_by_runs (has_tokens_of(0) + has_tokens_of(1) + has_tokens_of(2))
#define jobs (is_running(0) + is_running(1) + is_running(2))
#endif

/* write(2) to the FIFO */
inline put(count)
{
	fifo = fifo + count;
	if
	:: count > 0 -> written = 1; touched = 1; news = 1
	:: else
	fi;
	assert(fifo + drained + made + held_by_runs <= T)
}

/* The end of a process, by itself or by SIGKILL: its descriptors are closed, what it had in hand is lost. */
inline end_process(who)
{
	living = living & ~BIT(who);
	openers = openers & ~BIT(who);
	asleep = asleep & ~BIT(who);
	if
	:: openers == 0 -> fifo = 0
	:: else
	fi;
	news = 1
}

#define wants(c) (1 + ((SEVERAL >> (c)) & 1))
#define is_owned(c) ((OWNED >> (c)) & 1)

/* The claims in the pool's folder. */
#define shared_claims (claims & ~(ELSEWHERE))

/* What a waiter's look once a second would return (an optimisation: other looks change nothing). */
#define is_sweepable(c) ((shared_claims & BIT(c)) && \
	((returner[c] == NOBODY && !is_holder_alive(c) && !is_running(c) && !is_slot_taken(c)) || (returner[c] != NOBODY && !is_named_alive(returner[c]) && !is_slot_taken(c))))

/*
 * sweepClaims() and releaseClaim() of src/slots/{sweep-dead-claims,release-claim}.ts: one claim `c`, looked at and perhaps
 * returned by `me`. Between the steps, each an atomic, anything may happen.
 */
inline sweep(me, c)
{
	/* isInUse(): readClaim() */
	atomic { seen_returner = returner[c]; seen_job = (recorded & BIT(c)) != 0; in_use = !(claims & BIT(c)) };
	if
	:: in_use
	:: atomic { !in_use && seen_returner != NOBODY -> in_use = (is_named_alive(seen_returner) || is_slot_taken(c)) }
	:: atomic { !in_use && seen_returner == NOBODY -> in_use = (is_holder_alive(c) || is_slot_taken(c)) };
#ifndef FORGET_JOB
		atomic {
			if
			:: in_use
			:: !in_use && seen_job -> in_use = is_running(c)
			/* isAnyMarked(); `age < FORK_TO_EXEC_MS` for the time between fork and exec */
#ifdef FORK_GAP
			:: !in_use && !seen_job -> in_use = (job[c] == STARTED)
#else
			:: !in_use && !seen_job -> in_use = is_running(c)
#endif
			fi
		}
#endif
	fi;
#ifdef PUT_FIRST
	if
	:: atomic { !in_use && seen_returner == NOBODY && tokens[c] > 0 -> real[c] = 0; put(tokens[c]) }
	:: else
	fi;
#endif
	/* returnTokens(): the rename, which one wins */
	atomic {
		if
		:: !in_use && (claims & BIT(c)) && returner[c] == seen_returner ->
			assert(!is_running(c));
			half = (seen_returner != NOBODY);
			returner[c] = me;
			news = 1;
			if
#ifdef PUT_FIRST
			:: seen_returner = 0
#elif !defined(RETURN_TWICE)
			/* Who died while it returned them may have put them back already. */
			:: seen_returner != NOBODY -> seen_returner = 0
			:: seen_returner == NOBODY -> seen_returner = tokens[c]
#else
			:: seen_returner = tokens[c]
#endif
			fi
		:: else -> in_use = 1
		fi
	};
#if NESTED
	/* isSlotTaken(): somebody began to run in the slot meanwhile; not of one that is half returned */
	atomic {
		if
		:: !in_use && !half && is_slot_taken(c) -> assert(returner[c] == me); returner[c] = NOBODY; in_use = 1; news = 1
		:: else
		fi
	};
#endif
	if
	:: in_use
	:: else ->
		assert(!is_left_running(c));
		if
		:: atomic { seen_returner > 0 -> real[c] = 0; put(seen_returner) }
		:: else
		fi;
#if NESTED
		if
		:: c == 1 && below -> below = 0; news = 1
		:: else
		fi;
#endif
		/* unlock(): stat, then unlink */
		if
#ifndef UNLOCK_ANY
		:: slot == c -> atomic { assert(slot == c); slot = NOBODY; news = 1 }
#else
		:: slot != NOBODY -> atomic { assert(slot == c); slot = NOBODY; news = 1 }
#endif
		:: else
		fi;
#if SEVERAL
		if
		:: several == c -> atomic { assert(several == c); several = NOBODY; news = 1 }
		:: else
		fi;
#endif
		/* removeClaim() */
		atomic {
			if
			:: returner[c] == me -> claims = claims & ~BIT(c); returner[c] = NOBODY; news = 1
			:: else
			fi
		}
	fi;
	atomic { in_use = 0; seen_returner = 0; seen_job = 0; half = 0 }
}

proctype Run(byte me)
{
	byte held, c, seen_returner;
	bit implicit, in_use, seen_job, half;
	{
#if NESTED
		skip;
end_start:	(me == 0 || job[0] >= STARTED);
#endif
		/* openPool() */
		atomic { living = living | BIT(me); openers = openers | BIT(me); news = 1 };
		/* Its keeper is alive, or it waits for the one that succeeds it. */
		(ready);
		/* openClaim() */
		atomic { claims = claims | BIT(me); touched = 1; news = 1 };

again:		/* tryTakeSlots(): mayTakeTokens() */
		if
		:: wants(me) > 1 && several != me ->
			atomic {
				if
				:: several == NOBODY -> several = me
				:: else -> goto wait
				fi
			}
		:: else
		fi;
#if NESTED
		if
		:: me == 1 && !implicit && !below ->
			atomic { !below -> below = 1 };
			/* hasSlot() */
			atomic {
				if
				:: (claims & 1) && returner[0] == NOBODY -> implicit = 1; held++; news = 1
				:: else -> below = 0
				fi
			}
		:: else
		fi;
#endif
		/* tryLock(): link(2) */
		if
		:: is_owned(me) && !implicit ->
			atomic {
				if
				:: slot == NOBODY -> slot = me; implicit = 1; held++; news = 1
				:: else
				fi
			}
		:: else
		fi;
		do
		:: held == wants(me) -> goto start
		:: held < wants(me) ->
			/* tryTakeToken(): read(2) of one byte */
			atomic {
				if
				:: fifo > 0 -> fifo--; hand[me]++; touched = 1; news = 1
				:: else -> goto wait
				fi
			};
			/* recordToken() */
			atomic { hand[me]--; tokens[me]++; real[me]++; held++; news = 1 }
		od;

wait:		/* waitForSlots(): a token, a change of locks/, or the look once a second. */
		atomic { asleep = asleep | BIT(me); news = 1 };
#if NESTED
		if
		:: me == 1 && !waits -> atomic { waits = 1; asleep = asleep & ~BIT(me); goto again }
		:: else
		fi;
#endif
		do
#if NESTED
		:: atomic { me == 1 && !implicit && !below && (claims & 1) && returner[0] == NOBODY -> asleep = asleep & ~BIT(me); goto again }
#endif
		:: atomic { (wants(me) == 1 || several == me) && fifo > 0 -> asleep = asleep & ~BIT(me); goto again }
		:: atomic { is_owned(me) && !implicit && slot == NOBODY && (wants(me) == 1 || several == me || several == NOBODY) ->
			asleep = asleep & ~BIT(me); goto again }
		:: atomic { wants(me) > 1 && several == NOBODY -> asleep = asleep & ~BIT(me); goto again }
		:: atomic {
			if
			:: is_sweepable(0) -> c = 0
			:: is_sweepable(1) -> c = 1
#if RUNS > 2
			:: is_sweepable(2) -> c = 2
#endif
			fi;
			asleep = asleep & ~BIT(me)
		   };
			sweep(me, c);
			c = 0;
			goto again
#ifdef IMPATIENT
		/* --timeout, or a signal */
		:: atomic { (IMPATIENT & BIT(me)) -> asleep = asleep & ~BIT(me); goto release }
#endif
		od;

start:		if
		:: several == me -> atomic { several = NOBODY; news = 1 }
		:: else
		fi;
		/* startProgram(): fork; it returns when the child has done its exec; recordJob() */
		atomic { job[me] = FORKED; assert(jobs + made <= N) };
		(job[me] >= STARTED);
		atomic { recorded = recorded | BIT(me); news = 1 };
		do
		:: job[me] == ENDED -> break
#ifndef NO_EXCHANGE
		/* tryTakeOver(): SIGURG, or the note was just made */
		:: atomic { is_owned(me) && !implicit && tokens[me] > 0 && slot == NOBODY -> slot = me; implicit = 1; news = 1 };
#ifdef PUT_BEFORE_LINE
			atomic { real[me]--; put(1) };
			atomic { tokens[me]--; news = 1 }
#else
			atomic { tokens[me]--; leaving = leaving | BIT(me); news = 1 };
			atomic { real[me]--; put(1) };
			atomic { leaving = leaving & ~BIT(me); news = 1 }
#endif
#endif
		od;

release:	/* releaseOwnClaim(): the rename */
		atomic { assert((claims & BIT(me)) && returner[me] == NOBODY); returner[me] = me; news = 1 };
#if NESTED
		/* findHeir() */
		if
		:: me == 0 -> atomic {
			if
			:: below || (waits && is_alive(1)) -> heir = 1; returner[0] = NOBODY; news = 1; goto gone
			:: else
			fi }
		:: me == 1 -> waits = 0
		fi;
#endif
		assert(!is_left_running(me));
		if
		:: tokens[me] > 0 -> atomic { real[me] = 0; put(tokens[me]) }
		:: else
		fi;
		/* freeLock() */
#if NESTED
		if
		:: me == 1 && below && implicit -> atomic { below = 0; implicit = 0; news = 1 }
		:: else
		fi;
#endif
		if
		:: implicit -> atomic { assert(slot == me); slot = NOBODY; news = 1 }
		:: else
		fi;
		if
		:: several == me -> atomic { several = NOBODY; news = 1 }
		:: else
		fi;
		atomic { claims = claims & ~BIT(me); returner[me] = NOBODY; news = 1 };
#if NESTED
		/* What was left to it. */
		if
		:: me == 1 && heir -> sweep(me, 0)
		:: else
		fi;
gone:
#endif
		atomic { held = 0; implicit = 0; end_process(me) }
	} unless { atomic { (killed & BIT(me)) -> held = 0; implicit = 0; c = 0; in_use = 0; seen_job = 0; seen_returner = 0; half = 0 } }
}

/* Asleep in epoll. Asleep elsewhere (a freezer, a slow disk) it may be between the read of a token and its line. */
#ifdef SLEEP_ANYWHERE
#define sleeps(c) ((asleep & BIT(c)) || hand[c] > 0)
#else
#define sleeps(c) (asleep & BIT(c))
#endif

/*
 * src/keeper/find-stranger.ts: one of our commands without a claim holds nothing, if its claim would be in the pool's folder. Of
 * others that is not known.
 */
#ifdef TRUST_OURS
#define is_stranger(c) 0
#else
#define is_stranger(c) ((openers & BIT(c)) && ((ELSEWHERE) & BIT(c)))
#endif

/* Whether the claim's holder takes nothing more unless somebody writes: it is dead, gives back, has its job, or sleeps. */
#ifdef PARTS_ARE_STABLE
#define is_settled(c) (returner[c] != NOBODY || !is_alive(c) || sleeps(c) || (recorded & BIT(c)) || tokens[c] > 0 || slot == c)
#else
#define is_settled(c) (returner[c] != NOBODY || !is_alive(c) || sleeps(c) || (recorded & BIT(c)))
#endif

/* Whether what its file says is still missing in the FIFO. */
#ifdef LIVE_ONLY
#define counts(c) ((claims & BIT(c)) && (returner[c] == NOBODY -> (is_alive(c) || is_running(c)) : is_named_alive(returner[c])))
#else
#define counts(c) ((claims & BIT(c)) && (returner[c] == NOBODY || is_named_alive(returner[c]) || is_slot_taken(c)))
#endif

#define check_settled(c) proven = proven && is_settled(c)
#ifdef FORGET_LEAVING
#define is_leaving(c) 0
#else
#define is_leaving(c) (returner[c] == NOBODY && is_alive(c) && (leaving & BIT(c)))
#endif
/* What a living returner has may be back already. */
#define is_doubtful(c) ((claims & BIT(c)) && returner[c] != NOBODY && (is_named_alive(returner[c]) || is_slot_taken(c)) && tokens[c] > 0)
#define add_tokens(c) proven = proven && !is_leaving(c); unsure = unsure || is_doubtful(c); sum = sum + (counts(c) -> tokens[c] : 0)

/* Who has the FIFO open, and what the claims hold. /proc and the folder are read one entry after the other. */
inline look_around()
{
	atomic { proven = 1; unsure = 0; sum = 0; list = living; i = 0 };
	do
	:: i < RUNS -> atomic {
		proven = proven && !((list & BIT(i)) && is_stranger(i));
		i++ }
	:: i == RUNS -> atomic {
		proven = proven && !((list & BIT(MAKE)) && (openers & BIT(MAKE)));
		list = shared_claims;
		i = 0 };
		break
	od;
	do
	:: i < RUNS && !(list & BIT(i)) -> i++
	:: i < RUNS && (list & BIT(i)) ->
#ifdef READ_BEFORE_SLEEP
		add_tokens(i);
		atomic { check_settled(i); i++ }
#else
		check_settled(i);
		atomic { add_tokens(i); i++ }
#endif
	:: i == RUNS -> break
	od
}

/*
 * Puts in what is missing, if that is provable (src/keeper/put-back-lost-tokens.ts; the successor's first act). What was lost is T
 * less what the claims hold, if from the drain on the FIFO was empty: then no token has moved while we looked.
 */
inline top_up()
{
#ifdef LOOK_BEFORE_DRAIN
	look_around();
#endif
	atomic { drained = fifo; fifo = 0; written = 0 };
#ifdef NO_SECOND_LOOK
	atomic { proven = 1; sum = 0; list = 0 };
#else
#ifndef LOOK_BEFORE_DRAIN
	look_around();
#endif
#endif
#ifndef NO_MTIME
	proven = proven && !written;
#endif
	atomic {
		/* What a living returner has put back already is counted twice. */
		sum = (sum > T -> T : sum);
		sum = (proven -> T - sum : drained);
		/* rightCount() */
		sum = (unsure && sum < drained -> drained : sum);
		had_news = news || sum != drained;
		drained = 0;
		put(sum);
		/* Else the next look would find the same. */
		news = had_news;
#ifndef LATE_FINGERPRINT
		if
		:: proven && list == 0 -> touched = 0
		:: else
		fi
#endif
	};
#ifdef LATE_FINGERPRINT
	if
	:: proven && list == 0 -> touched = 0
	:: else
	fi;
#endif
	atomic { i = 0; sum = 0; list = 0; proven = 0; unsure = 0; had_news = 0 }
}

/*
 * The look before the drain, in one step: it only saves a drain that would prove nothing. Who comes just behind the scan's
 * back is here who comes just after it.
 */
#if RUNS == 2
#define all_settled ((!(shared_claims & 1) || is_settled(0)) && (!(shared_claims & 2) || is_settled(1)))
#else
#define all_settled ((!(shared_claims & 1) || is_settled(0)) && (!(shared_claims & 2) || is_settled(1)) && (!(shared_claims & 4) || is_settled(2)))
#endif
#ifdef TRUST_OURS
#define is_known_openers (!(openers & BIT(MAKE)))
#else
#define is_known_openers (!(openers & BIT(MAKE)) && !(openers & (ELSEWHERE)))
#endif
#if defined(NO_TOPUP) || defined(NO_SECOND_LOOK)
#define may_top_up (touched && shared_claims == 0 && is_known_openers)
#else
#define may_top_up (touched && all_settled && is_known_openers)
#endif

proctype Keeper()
{
	byte i, sum, list, c, seen_returner;
	bit proven, unsure, had_news, in_use, seen_job, half, successor;
end:	do
	:: {
		if
		:: successor ->
			/* The file keeper-PLACE is its own: succession.pml. It opens the FIFO. */
			atomic { living = living | BIT(KEEPER); openers = openers | BIT(KEEPER); news = 1;
#ifndef CLEAN_START
				/* What its predecessor knew of the FIFO is gone with it. */
				touched = 1
#endif
			};
			top_up();
			/* pool.json */
			ready = 1
		:: else
		fi;
end_look:	do
		:: news ->
			news = 0;
			do
			:: c < RUNS && !(shared_claims & BIT(c)) -> c++
			:: c < RUNS && (shared_claims & BIT(c)) -> sweep(KEEPER_NAME, c); c++
			:: c == RUNS -> c = 0; break
			od;
			if
			:: may_top_up -> top_up()
			:: else
			fi
		od
	} unless { atomic { (killed & BIT(KEEPER)) -> killed = killed & ~BIT(KEEPER); successor = 1; i = 0; sum = 0; list = 0; c = 0;
		proven = 0; unsure = 0; had_news = 0; in_use = 0; seen_job = 0; half = 0; seen_returner = 0 } }
	od
}

proctype Make()
{
	byte takes;
	{
		/* Its open(2) waits until somebody else has it open. */
		atomic { openers != 0 -> living = living | BIT(MAKE); openers = openers | BIT(MAKE); news = 1 };
		do
		:: atomic { fifo > 0 && takes < 2 -> fifo--; made++; takes++; fed = 1; touched = 1; news = 1; assert(jobs + made <= N) }
		:: atomic { made > 0 -> made--; put(1) }
		:: made == 0 && (fed || !NEEDY) -> break
		od;
		atomic { takes = 0; end_process(MAKE) }
	} unless { atomic { (killed & BIT(MAKE)) -> takes = 0 } }
}

/* The jobs: they end by themselves. */
#define may_end(c) (fed || !(NEEDY & BIT(c)))

proctype Jobs()
{
end:	do
	:: job[0] == FORKED -> job[0] = STARTED
	:: atomic { job[0] == STARTED && may_end(0) -> job[0] = ENDED; news = 1 }
	:: job[1] == FORKED -> job[1] = STARTED
	:: atomic { job[1] == STARTED && may_end(1) -> job[1] = ENDED; news = 1 }
#if RUNS > 2
	:: job[2] == FORKED -> job[2] = STARTED
	:: atomic { job[2] == STARTED && may_end(2) -> job[2] = ENDED; news = 1 }
#endif
	od
}

/* What its victim was giving back is lost, unless it is in the FIFO; what it took is in its claim, or lost. */
inline forget_returns(c)
{
	if
	:: returner[c] == (victim == KEEPER -> KEEPER_NAME : victim) -> real[c] = 0
	:: else
	fi
}

proctype Killer()
{
	byte victim;
	do
	:: atomic { crashes > 0 && (living & ~killed) ->
		if
		:: is_alive(0) -> victim = 0
		:: is_alive(1) -> victim = 1
#if RUNS > 2
		:: is_alive(2) -> victim = 2
#endif
		:: is_alive(KEEPER) && !(killed & BIT(KEEPER)) -> victim = KEEPER
		:: is_alive(MAKE) -> victim = MAKE
		fi;
		crashes--;
		killed = killed | BIT(victim);
		forget_returns(0);
		forget_returns(1);
#if RUNS > 2
		forget_returns(2);
#endif
		if
		/* What it was exchanging is lost, unless it is in the FIFO. */
		:: victim < RUNS -> hand[victim] = 0;
			if
			:: returner[victim] == NOBODY && (leaving & BIT(victim)) -> real[victim] = tokens[victim]
			:: else
			fi
		:: victim == KEEPER -> drained = 0; ready = 0; lives++
		:: victim == MAKE -> made = 0; fed = 1
		fi;
		end_process(victim);
		victim = 0 }
	:: break
	od
}

/* Nothing can move any more: then all is at rest, and in its place. */
proctype Monitor()
{
	atomic {
		timeout ->
		assert(!(living & ~BIT(KEEPER)));    /* nobody hangs */
		assert(claims == 0);
		assert(slot == NOBODY && several == NOBODY);
		assert(fifo == T)                    /* nothing is lost */
	}
}

init {
	atomic {
		returner[0] = NOBODY;
		returner[1] = NOBODY;
		run Keeper();
		if
		:: !(IDLE & BIT(0)) -> run Run(0)
		:: else
		fi;
		if
		:: !(IDLE & BIT(1)) -> run Run(1)
		:: else
		fi;
#if RUNS > 2
		returner[2] = NOBODY;
		if
		:: !(IDLE & BIT(2)) -> run Run(2)
		:: else
		fi;
#endif
#if MAKES
		run Make();
#endif
		run Jobs();
		run Killer();
		run Monitor()
	}
}
