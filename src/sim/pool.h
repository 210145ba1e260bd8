/* SPDX-License-Identifier: MIT
 * Threads for work on many things that do not touch each other. Which thread does what is left open, so a job may
 * depend on nothing but its own thing: then the results are the same with any number of threads. */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#define SIM_THREADS_MAX 256

struct sim_pool;

/* One piece of the work: the k-th thing. */
typedef void sim_job_fn(void *ctx, unsigned k);

/* A pool of 1..SIM_THREADS_MAX threads, the caller's own included; fewer if the machine does not give them. Free with
 * sim_pool_free. */
struct sim_pool *sim_pool_new(unsigned threads);
void sim_pool_free(struct sim_pool *pool);

/* Calls job(ctx, k) once for each k below count, and returns when all are done. Without a pool (NULL) the caller does
 * them in order. Not to be called from a job. */
void sim_pool_run(struct sim_pool *pool, unsigned count, sim_job_fn *job, void *ctx);

#endif
