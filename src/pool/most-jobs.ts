/** The largest N: one read or write of the whole pool is atomic, and fits the smallest pipe (PIPE_BUF; PROTOCOL 18). */
export const MOST_JOBS = 4096;
