/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* So many pieces for each thread, were all alike. */
#define PIECES 8

struct sim_pool {
    unsigned threads;
    pthread_t thread[SIM_THREADS_MAX - 1];
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    /* Under the lock. */
    bool open, quit; /* is there work that may be joined? */
    unsigned busy;   /* workers that have joined it */
    /* Of the present work; stands still while anybody is busy. */
    sim_job_fn *job;
    void *ctx;
    unsigned count;
    _Alignas(64) atomic_uint next; /* on a cache line of its own */
};

/* Takes the next things, [*first, *end): many at a time at first, one by one towards the end, so that nobody waits long
 * for the last. False if there are none left. */
static bool take(struct sim_pool *p, unsigned *first, unsigned *end)
{
    unsigned at = atomic_load(&p->next), n;

    do {
        if (at >= p->count)
            return false;
        n = (p->count - at) / (p->threads * PIECES);
        n = n ? n : 1;
    } while (!atomic_compare_exchange_weak(&p->next, &at, at + n));
    *first = at;
    *end = at + n;
    return true;
}

static void work(struct sim_pool *p)
{
    unsigned k, end;

    while (take(p, &k, &end))
        for (; k < end; k++)
            p->job(p->ctx, k);
}

static void *worker(void *ctx)
{
    struct sim_pool *p = ctx;

    pthread_mutex_lock(&p->lock);
    while (!p->quit) {
        if (!p->open || atomic_load(&p->next) >= p->count) {
            pthread_cond_wait(&p->work, &p->lock);
            continue;
        }
        p->busy++;
        pthread_mutex_unlock(&p->lock);
        work(p);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0)
            pthread_cond_signal(&p->idle);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct sim_pool *sim_pool_new(unsigned threads)
{
    struct sim_pool *p = aligned_alloc(_Alignof(struct sim_pool), sizeof *p);

    if (!p)
        abort();
    *p = (struct sim_pool){.threads = 1};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->idle, NULL);
    while (p->threads < threads && p->threads < SIM_THREADS_MAX &&
           pthread_create(&p->thread[p->threads - 1], NULL, worker, p) == 0)
        p->threads++;
    return p;
}

void sim_pool_free(struct sim_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned k = 0; k + 1 < p->threads; k++)
        pthread_join(p->thread[k], NULL);
    pthread_cond_destroy(&p->idle);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void sim_pool_run(struct sim_pool *p, unsigned count, sim_job_fn *job, void *ctx)
{
    if (!p || p->threads == 1 || count < 2) {
        for (unsigned k = 0; k < count; k++)
            job(ctx, k);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->job = job;
    p->ctx = ctx;
    p->count = count;
    atomic_store(&p->next, 0);
    p->open = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    work(p);
    /* Whoever has not joined by now need not: nobody is waited for who does nothing. */
    pthread_mutex_lock(&p->lock);
    p->open = false;
    while (p->busy)
        pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
