/* SPDX-License-Identifier: MIT
 * Processor time of a server for one Modbus transaction over a pseudo terminal: 56 registers read from 5000.
 *
 * Four servers, one client, rounds in turn: `vmeter serve` at real time (the program is the first argument), a slave
 * that is nothing but libmodbus with constant registers, a responder without any library, and, where it is installed, a
 * slave that is nothing but pymodbus (its script is the second argument). Prints figures; judges nothing. The third
 * argument is the number of transactions of each, 25000 if it is left out; pymodbus makes a tenth of them. */
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "bench.h"

#define ADDRESS 0x5000
#define COUNT   56
#define REPLY   (5 + 2 * COUNT)
#define ROUNDS  5
#define IDLE_MS 1000

#define PYTHON "/usr/bin/python3" /* Debian's packages belong to Debian's Python */

struct server {
    const char *name;
    void (*run)(int terminal); /* in the child; NULL for a program of its own */
    long divisor;              /* of the number of transactions */
    char port[64];
    pid_t pid;
    int client; /* the client's side of the terminal */
    double cpu, wall, round_trip[ROUNDS];
    long transactions;
    double idle_cpu, idle_wall; /* with the port open and no request */
};

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static uint16_t crc16(const uint8_t *byte, size_t n)
{
    static uint16_t table[256];
    uint16_t crc = 0xFFFF;

    if (!table[1]) {
        for (unsigned k = 0; k < 256; k++) {
            table[k] = (uint16_t)k;
            for (int bit = 0; bit < 8; bit++)
                table[k] = (uint16_t)(table[k] & 1 ? table[k] >> 1 ^ 0xA001 : table[k] >> 1);
        }
    }
    while (n--)
        crc = (uint16_t)(crc >> 8 ^ table[(crc ^ *byte++) & 0xFF]);
    return crc;
}

static void put_crc(uint8_t *frame, size_t n)
{
    uint16_t crc = crc16(frame, n);

    frame[n] = (uint8_t)crc;
    frame[n + 1] = (uint8_t)(crc >> 8);
}

/* --- The servers to compare with -----------------------------------------------------------------------------------
 */

static void run_libmodbus(int terminal)
{
    modbus_t *ctx = modbus_new_rtu("/dev/null", 9600, 'E', 8, 1); /* never opened: the terminal is its line */
    modbus_mapping_t *mapping = modbus_mapping_new_start_address(0, 0, 0, 0, ADDRESS, COUNT, 0, 0);
    uint8_t request[MODBUS_RTU_MAX_ADU_LENGTH];

    if (!ctx || !mapping || modbus_set_slave(ctx, 1) || modbus_set_socket(ctx, terminal))
        fail("libmodbus");
    for (int k = 0; k < COUNT; k++)
        mapping->tab_registers[k] = (uint16_t)(k * 257);
    while (1) {
        int n = modbus_receive(ctx, request);

        if (n > 0)
            modbus_reply(ctx, request, n, mapping);
    }
}

static void run_bare(int terminal)
{
    uint8_t request[256], reply[REPLY] = {1, 3, 2 * COUNT};
    size_t used = 0;

    while (1) {
        ssize_t n = read(terminal, request + used, sizeof request - used);

        if (n <= 0)
            continue;
        used += (size_t)n;
        if (used < 8)
            continue;
        if (crc16(request, 6) == (request[6] | request[7] << 8)) {
            for (int k = 0; k < COUNT; k++) {
                reply[3 + 2 * k] = (uint8_t)k;
                reply[4 + 2 * k] = (uint8_t)k;
            }
            put_crc(reply, REPLY - 2);
            if (write(terminal, reply, REPLY) != REPLY)
                fail("write");
        }
        used = 0;
    }
}

/* --- Starting ------------------------------------------------------------------------------------------------------
 */

static int open_client(const char *port)
{
    int fd = open(port, O_RDWR | O_NOCTTY);
    struct termios tio;

    if (fd < 0 || tcgetattr(fd, &tio))
        fail(port);
    cfmakeraw(&tio);
    tio.c_cflag &= ~(tcflag_t)(CSTOPB | PARODD);
    tio.c_cflag |= CLOCAL | CREAD;
    cfsetspeed(&tio, B9600);
    if (tcsetattr(fd, TCSANOW, &tio))
        fail(port);
    return fd;
}

static void start_child(struct server *s)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);

    if (terminal < 0 || grantpt(terminal) || unlockpt(terminal) || ptsname_r(terminal, s->port, sizeof s->port))
        fail("pseudo terminal");
    s->client = open_client(s->port);
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(s->client);
        s->run(terminal);
    }
    close(terminal);
}

/* Starts a program and waits for its line `ready`; false if it ends before. */
static bool start_program(struct server *s, const char *const argument[])
{
    int out[2];
    FILE *lines;
    char line[256] = "";

    if (pipe(out))
        fail("pipe");
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], STDOUT_FILENO);
        execv(argument[0], (char *const *)argument);
        fail(argument[0]);
    }
    close(out[1]);
    lines = fdopen(out[0], "r");
    while (strcmp(line, "ready\n"))
        if (!fgets(line, sizeof line, lines)) {
            fclose(lines);
            waitpid(s->pid, NULL, 0);
            return false;
        }
    return true; /* what it prints later must not end it: the pipe stays open */
}

static void start_vmeter(struct server *s, const char *program)
{
    const char *const arguments[] = {program, "serve", "--modbus", s->port, NULL};

    snprintf(s->port, sizeof s->port, "/tmp/vmeter-bench-%ld", (long)getpid());
    if (!start_program(s, arguments)) {
        fprintf(stderr, "%s did not get ready\n", program);
        exit(EXIT_FAILURE);
    }
    s->client = open_client(s->port);
}

static void stop(struct server *s)
{
    kill(s->pid, s->run ? SIGKILL : SIGTERM);
    waitpid(s->pid, NULL, 0);
    close(s->client);
}

/* --- Measuring -----------------------------------------------------------------------------------------------------
 */

/* Processor seconds of a server so far, user and system. */
static double cpu_of(const struct server *s)
{
    clockid_t clock;
    struct timespec t;

    if (clock_getcpuclockid(s->pid, &clock) || clock_gettime(clock, &t))
        fail("clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One transaction; false if nothing comes in time. */
static bool try_transact(const struct server *s)
{
    uint8_t request[8] = {1, 3, ADDRESS >> 8, ADDRESS & 0xFF, 0, COUNT}, reply[REPLY];
    size_t got = 0;

    put_crc(request, 6);
    if (write(s->client, request, sizeof request) != sizeof request)
        fail("write");
    while (got < REPLY) {
        struct pollfd entry = {.fd = s->client, .events = POLLIN};
        ssize_t n = poll(&entry, 1, 2000) == 1 ? read(s->client, reply + got, REPLY - got) : 0;

        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    if (crc16(reply, REPLY - 2) != (reply[REPLY - 2] | reply[REPLY - 1] << 8)) {
        fprintf(stderr, "%s: wrong answer\n", s->name);
        exit(EXIT_FAILURE);
    }
    return true;
}

static void transact(const struct server *s)
{
    if (!try_transact(s)) {
        fprintf(stderr, "%s: no answer\n", s->name);
        exit(EXIT_FAILURE);
    }
}

/* The slave of pymodbus opens the terminal as a serial port; the client has its other end. False where there is none.
 */
static bool start_pymodbus(struct server *s, const char *script)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    const char *const arguments[] = {PYTHON, script, s->port, NULL};

    if (terminal < 0 || grantpt(terminal) || unlockpt(terminal) || ptsname_r(terminal, s->port, sizeof s->port))
        fail("pseudo terminal");
    open_client(s->port); /* stays open: raw from the beginning, and never hung up */
    s->client = terminal;
    if (!start_program(s, arguments))
        return false;
    for (int k = 0; k < 10; k++) /* it is ready some time before it listens */
        if (try_transact(s))
            return true;
    return false;
}

static void measure_round(struct server *s, int round, long transactions)
{
    double cpu, wall;

    for (int k = 0; k < 50; k++)
        transact(s);
    cpu = cpu_of(s);
    wall = bench_wall();
    for (long k = 0; k < transactions; k++)
        transact(s);
    wall = bench_wall() - wall;
    s->cpu += cpu_of(s) - cpu;
    s->wall += wall;
    s->round_trip[round] = wall / (double)transactions;
    s->transactions += transactions;
}

static void measure_idle(struct server *s)
{
    double cpu = cpu_of(s), wall = bench_wall();

    poll(NULL, 0, IDLE_MS); /* the length of a measurement, nothing is waited for */
    s->idle_cpu += cpu_of(s) - cpu;
    s->idle_wall += bench_wall() - wall;
}

/* us a transaction; net: without what the server uses when nobody asks. */
static double cost(const struct server *s, int net)
{
    double idle = s->idle_cpu / s->idle_wall;

    return (s->cpu - (net ? idle * s->wall : 0)) / (double)s->transactions * 1e6;
}

static double best_round_trip(const struct server *s)
{
    double best = s->round_trip[0];

    for (int k = 1; k < ROUNDS; k++)
        if (s->round_trip[k] < best)
            best = s->round_trip[k];
    return best * 1e6;
}

int main(int argc, char **argv)
{
    struct server servers[] = {
        {.name = "vmeter serve", .divisor = 1},
        {.name = "libmodbus, constant registers", .run = run_libmodbus, .divisor = 1},
        {.name = "no library", .run = run_bare, .divisor = 1},
        {.name = "pymodbus, constant registers", .divisor = 10},
    };
    long each = argc > 3 ? atol(argv[3]) : 25000;
    int count = 3;

    if (argc < 3) {
        fprintf(stderr, "usage: bench_modbus VMETER PYMODBUS_SERVER [TRANSACTIONS]\n");
        return EXIT_FAILURE;
    }
    start_vmeter(&servers[0], argv[1]);
    start_child(&servers[1]);
    start_child(&servers[2]);
    count += start_pymodbus(&servers[3], argv[2]);
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < count; k++) {
            measure_round(&servers[k], round, (each / servers[k].divisor + ROUNDS - 1) / ROUNDS);
            measure_idle(&servers[k]);
        }
    printf("server's processor time for one transaction (read %d registers), %ld transactions each:\n\n", COUNT,
           servers[0].transactions);
    printf("%-30s %10s %10s %12s %14s\n", "server", "us", "us net", "idle us/s", "round trip us");
    for (int k = 0; k < count; k++)
        printf("%-30s %10.2f %10.2f %12.0f %14.1f\n", servers[k].name, cost(&servers[k], 0), cost(&servers[k], 1),
               servers[k].idle_cpu / servers[k].idle_wall * 1e6, best_round_trip(&servers[k]));
    printf("\nvmeter to libmodbus: %.2f, net of idling %.2f\n", cost(&servers[0], 0) / cost(&servers[1], 0),
           cost(&servers[0], 1) / cost(&servers[1], 1));
    if (count > 3)
        printf("pymodbus to vmeter: %.1f\n", cost(&servers[3], 0) / cost(&servers[0], 0));
    else
        printf("pymodbus is not installed, or has no serial port\n");
    for (int k = 0; k < count; k++)
        stop(&servers[k]);
    return EXIT_SUCCESS;
}
