/* SPDX-License-Identifier: MIT
 * libmodbus as master against a session in a child process. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <modbus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session.h"
#include "speed.h"

/* A meter in a child process and a client that is connected to it. */
static struct {
    char folder[40], link[60];
    int port; /* of Modbus TCP */
    pid_t pid;
    modbus_t *ctx;
} rig;

static volatile bool stop;

static void on_signal(int number)
{
    (void)number;
    stop = true;
}

/* The number of the session's TCP port. */
static int tcp_port(const struct host_session *session)
{
    struct host_port_text text;

    for (size_t k = 0; host_session_port(session, k, &text); k++)
        if (strcmp(text.kind, "modbus tcp") == 0)
            return atoi(strrchr(text.name, ':') + 1);
    return 0;
}

/* The child: a session that runs until SIGTERM; its TCP port's number into `ready` tells that all ports are there. */
static void run_meter(int ready)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct host_session_options options = {
        .modbus_link = rig.link, .door = {{HOST_MODBUS_TCP, "0"}}, .doors = 1, .speed = 1};
    struct sim_scenario *scenario = sim_scenario_default();
    struct sim *sim = sim_new(scenario, &host_speed_best()->loops);
    char error[512];
    struct host_session *session = host_session_open(sim, &options, error, sizeof error);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigaction(SIGTERM, &action, NULL);
    rig.port = session ? tcp_port(session) : 0;
    if (!session || write(ready, &rig.port, sizeof rig.port) != sizeof rig.port) {
        fprintf(stderr, "%s\n", error);
        exit(EXIT_FAILURE);
    }
    host_session_run(session, &stop);
    host_session_close(session);
    sim_free(sim);
    sim_scenario_free(scenario);
    exit(EXIT_SUCCESS);
}

static modbus_t *connected(int unit, int baud, char parity)
{
    modbus_t *ctx = modbus_new_rtu(rig.link, baud, parity, 8, 1);

    ck_assert_ptr_nonnull(ctx);
    ck_assert_int_eq(modbus_set_slave(ctx, unit), 0);
    ck_assert_msg(modbus_connect(ctx) == 0, "%s", modbus_strerror(errno));
    ck_assert_int_eq(modbus_set_response_timeout(ctx, 2, 0), 0);
    return ctx;
}

static void disconnect(modbus_t *ctx)
{
    modbus_close(ctx);
    modbus_free(ctx);
}

static void setup(void)
{
    int ready[2];

    snprintf(rig.folder, sizeof rig.folder, "/tmp/vmeter-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(rig.folder));
    snprintf(rig.link, sizeof rig.link, "%s/m", rig.folder);
    ck_assert_int_eq(pipe(ready), 0);
    rig.pid = fork();
    ck_assert_int_ge(rig.pid, 0);
    if (rig.pid == 0)
        run_meter(ready[1]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &rig.port, sizeof rig.port), sizeof rig.port);
    close(ready[0]);
    rig.ctx = connected(1, 9600, 'E');
}

static void teardown(void)
{
    int status;

    disconnect(rig.ctx);
    kill(rig.pid, SIGTERM);
    ck_assert_int_eq(waitpid(rig.pid, &status, 0), rig.pid);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(rmdir(rig.folder) == 0, "%s is not empty: the link is still there", rig.folder);
}

/* Reads, and fails with libmodbus's own message. */
static void read_words(int address, int count, uint16_t *words)
{
    int n = modbus_read_registers(rig.ctx, address, count, words);

    ck_assert_msg(n == count, "%d registers at %04X: %s", count, (unsigned)address, modbus_strerror(errno));
}

static double read_float(int address)
{
    uint16_t words[2];

    read_words(address, 2, words);
    return (double)modbus_get_float_abcd(words);
}

#define ASSERT_NEAR(got, want) ck_assert_double_eq_tol(got, want, 0.002 * fabs((double)(want)))

START_TEST(every_span_of_every_block)
{
    static const struct {
        int first, last;
    } blocks[] = {{0x4000, 0x4034}, {0x5000, 0x5037}, {0x6000, 0x6090}, {0x6100, 0x619F}, {0x6300, 0x639F}};
    static const int counts[] = {1, 2, 3, 56, 100, 124, 125};
    uint16_t words[125];

    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            int count = counts[c], last = blocks[b].last - count + 1;

            for (int first = blocks[b].first; first <= last; first += count > 3 ? 7 : 1)
                read_words(first, count, words);
            if (last >= blocks[b].first)
                read_words(last, count, words);
        }
    }
}
END_TEST

START_TEST(a_part_of_a_value_is_that_part)
{
    uint16_t whole[53], part[2];

    read_words(0x4000, 53, whole);
    for (int k = 0; k < 52; k++) {
        if (k >= 0x1D && k <= 0x1E)
            continue; /* the status word may change */
        read_words(0x4000 + k, 2, part);
        ck_assert_uint_eq(part[0], whole[k]);
        ck_assert_uint_eq(part[1], whole[k + 1]);
    }
}
END_TEST

START_TEST(floats_are_high_word_first)
{
    ASSERT_NEAR(read_float(0x5002), 230);
    ASSERT_NEAR(read_float(0x5008), 50);
    ASSERT_NEAR(read_float(0x500C), 5);
    ASSERT_NEAR(read_float(0x5012), 3.105);
    ASSERT_NEAR(read_float(0x502A), 0.9);
}
END_TEST

/* Tells the errno of a read that must fail. */
static int read_error(int address, int count)
{
    uint16_t words[125];

    errno = 0;
    ck_assert_msg(modbus_read_registers(rig.ctx, address, count, words) == -1, "%d at %04X succeeded", count,
                  (unsigned)address);
    return errno;
}

START_TEST(addresses_outside_are_illegal)
{
    static const int rows[][2] = {{0x0000, 1},  {0x3FFF, 1},   {0x3FFF, 2},   {0x4034, 2},   {0x4035, 1},
                                  {0x5037, 2},  {0x5038, 1},   {0x5000, 57},  {0x5FFF, 2},   {0x6090, 2},
                                  {0x6091, 15}, {0x60FF, 2},   {0x619F, 2},   {0x61A0, 1},   {0x62FF, 1},
                                  {0x639F, 2},  {0x63A0, 1},   {0x6140, 125}, {0xFFFF, 1},   {0xFFFF, 2},
                                  {0x4000, 54}, {0x4000, 125}, {0x6015, 125}, {0xFFF0, 125}, {0x8000, 1}};

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        ck_assert_msg(read_error(rows[k][0], rows[k][1]) == EMBXILADD, "%04X %d", (unsigned)rows[k][0], rows[k][1]);
}
END_TEST

START_TEST(other_functions_are_illegal)
{
    uint8_t bits[16] = {0};
    uint16_t words[8] = {1};
    uint8_t id[260];

    ck_assert(modbus_read_bits(rig.ctx, 0, 8, bits) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_read_input_bits(rig.ctx, 0, 8, bits) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_read_input_registers(rig.ctx, 0x5000, 2, words) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_write_bit(rig.ctx, 0, 1) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_write_bits(rig.ctx, 0, 16, bits) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_mask_write_register(rig.ctx, 0x6048, 0, 1) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_write_and_read_registers(rig.ctx, 0x6048, 1, words, 0x5000, 2, words) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_report_slave_id(rig.ctx, sizeof id, id) == -1 && errno == EMBXILFUN);
    ASSERT_NEAR(read_float(0x5002), 230);
}
END_TEST

START_TEST(a_raw_unknown_function_is_illegal)
{
    static const uint8_t functions[] = {0x2B, 0x2F, 0x64};

    for (size_t k = 0; k < sizeof functions; k++) {
        uint8_t request[] = {1, functions[k], 0x0E, 1, 0}, reply[MODBUS_RTU_MAX_ADU_LENGTH];

        ck_assert_int_eq(modbus_send_raw_request(rig.ctx, request, sizeof request), sizeof request + 2);
        ck_assert_int_eq(modbus_receive_confirmation(rig.ctx, reply), 5);
        ck_assert_uint_eq(reply[1], functions[k] | 0x80);
        ck_assert_uint_eq(reply[2], 1);
    }
}
END_TEST

START_TEST(writes_are_read_back)
{
    uint16_t ratio[] = {0x0400, 0x0005}, words[2];

    for (int tariff = 4; tariff >= 1; tariff--) {
        ck_assert_int_eq(modbus_write_register(rig.ctx, 0x6048, tariff), 1);
        read_words(0x6048, 1, words);
        ck_assert_int_eq(words[0], tariff);
    }
    ck_assert_int_eq(modbus_write_registers(rig.ctx, 0x401F, 2, ratio), 2);
    read_words(0x401F, 2, words);
    ck_assert_uint_eq(words[0], ratio[0]);
    ck_assert_uint_eq(words[1], ratio[1]);
}
END_TEST

START_TEST(wrong_writes_are_refused)
{
    uint16_t words[3] = {2, 0, 1};

    ck_assert(modbus_write_register(rig.ctx, 0x6048, 5) == -1 && errno == EMBXILVAL);
    ck_assert(modbus_write_register(rig.ctx, 0x5002, 1) == -1 && errno == EMBXILADD);
    ck_assert(modbus_write_register(rig.ctx, 0x401F, 0x0100) == -1 && errno == EMBXILADD);
    ck_assert(modbus_write_registers(rig.ctx, 0x6049, 1, words) == -1 && errno == EMBXILVAL);
    ck_assert(modbus_write_registers(rig.ctx, 0x6048, 3, words) == -1 && errno == EMBXILVAL);
    read_words(0x6048, 1, words);
    ck_assert_uint_eq(words[0], 1);
}
END_TEST

START_TEST(another_unit_is_silence)
{
    ck_assert_int_eq(modbus_set_response_timeout(rig.ctx, 0, 100000), 0);
    ck_assert_int_eq(modbus_set_slave(rig.ctx, 2), 0);
    ck_assert_int_eq(read_error(0x5002, 2), ETIMEDOUT);
    ck_assert_int_eq(modbus_set_slave(rig.ctx, 1), 0);
    ck_assert_int_eq(modbus_set_response_timeout(rig.ctx, 2, 0), 0);
    ASSERT_NEAR(read_float(0x5002), 230);
}
END_TEST

START_TEST(a_broadcast_acts_without_an_answer)
{
    uint16_t tariff;

    ck_assert_int_eq(modbus_set_response_timeout(rig.ctx, 0, 100000), 0);
    ck_assert_int_eq(modbus_set_slave(rig.ctx, MODBUS_BROADCAST_ADDRESS), 0);
    ck_assert(modbus_write_register(rig.ctx, 0x6048, 2) == -1 && errno == ETIMEDOUT);
    ck_assert_int_eq(modbus_set_slave(rig.ctx, 1), 0);
    ck_assert_int_eq(modbus_set_response_timeout(rig.ctx, 2, 0), 0);
    read_words(0x6048, 1, &tariff);
    ck_assert_uint_eq(tariff, 2);
}
END_TEST

START_TEST(the_port_opens_again)
{
    for (int k = 0; k < 100; k++) {
        disconnect(rig.ctx);
        rig.ctx = connected(1, 9600, k % 10 < 8 ? 'E' : 'O');
        ASSERT_NEAR(read_float(0x5002), 230);
    }
}
END_TEST

START_TEST(new_line_settings_are_followed)
{
    ck_assert_int_eq(modbus_write_register(rig.ctx, 0x4003, 9), 1);
    ck_assert_int_eq(modbus_set_slave(rig.ctx, 9), 0);
    ck_assert_int_eq(modbus_write_register(rig.ctx, 0x4004, 7), 1);
    disconnect(rig.ctx);
    rig.ctx = connected(9, 19200, 'E');
    ck_assert_int_eq(modbus_write_register(rig.ctx, 0x4011, 2), 1);
    disconnect(rig.ctx);
    rig.ctx = connected(9, 19200, 'N');
    ASSERT_NEAR(read_float(0x5002), 230);
}
END_TEST

static modbus_t *connected_tcp(int unit)
{
    modbus_t *ctx = modbus_new_tcp("127.0.0.1", rig.port);

    ck_assert_ptr_nonnull(ctx);
    ck_assert_int_eq(modbus_set_slave(ctx, unit), 0);
    ck_assert_msg(modbus_connect(ctx) == 0, "%s", modbus_strerror(errno));
    ck_assert_int_eq(modbus_set_response_timeout(ctx, 5, 0), 0);
    return ctx;
}

START_TEST(tcp_says_what_the_line_says)
{
    static const struct {
        int first, count;
    } spans[] = {{0x4000, 28}, {0x4020, 20}, {0x6000, 125}, {0x6100, 100}, {0x6300, 125}};
    modbus_t *ctx = connected_tcp(1);
    uint16_t line[125], tcp[125];

    for (size_t k = 0; k < sizeof spans / sizeof spans[0]; k++) {
        read_words(spans[k].first, spans[k].count, line);
        ck_assert_int_eq(modbus_read_registers(ctx, spans[k].first, spans[k].count, tcp), spans[k].count);
        ck_assert_mem_eq(line, tcp, (size_t)spans[k].count * sizeof line[0]);
    }
    ck_assert_int_eq(modbus_write_register(ctx, 0x6048, 3), 1);
    read_words(0x6048, 1, line);
    ck_assert_uint_eq(line[0], 3);
    disconnect(ctx);
}
END_TEST

START_TEST(tcp_exceptions)
{
    modbus_t *ctx = connected_tcp(1);
    uint16_t words[2];

    ck_assert(modbus_read_registers(ctx, 0x5037, 2, words) == -1 && errno == EMBXILADD);
    ck_assert(modbus_read_input_registers(ctx, 0x5002, 2, words) == -1 && errno == EMBXILFUN);
    ck_assert(modbus_write_register(ctx, 0x6048, 5) == -1 && errno == EMBXILVAL);
    modbus_set_slave(ctx, 9);
    ck_assert(modbus_read_registers(ctx, 0x5002, 2, words) == -1 && errno == EMBXGTAR);
    modbus_set_slave(ctx, MODBUS_TCP_SLAVE);
    ck_assert_int_eq(modbus_read_registers(ctx, 0x5002, 2, words), 2);
    ASSERT_NEAR((double)modbus_get_float_abcd(words), 230);
    disconnect(ctx);
}
END_TEST

START_TEST(tcp_masters_at_once)
{
    modbus_t *ctx[8];
    uint16_t words[56];

    for (int k = 0; k < 8; k++)
        ctx[k] = connected_tcp(k % 2 ? 1 : MODBUS_TCP_SLAVE);
    for (int round = 0; round < 50; round++) {
        for (int k = 0; k < 8; k++) {
            ck_assert_int_eq(modbus_read_registers(ctx[k], 0x5000, 56, words), 56);
            ASSERT_NEAR((double)modbus_get_float_abcd(words + 2), 230);
        }
        ASSERT_NEAR(read_float(0x5002), 230);
    }
    for (int k = 0; k < 8; k++)
        disconnect(ctx[k]);
}
END_TEST

/* Bytes that the tap was told of: to the meter, from it. */
static size_t tapped[2];

static void count_bytes(void *ctx, enum em_bus bus, bool from_master, const uint8_t *byte, size_t n)
{
    (void)ctx;
    (void)byte;
    ck_assert_int_eq(bus, EM_BUS_MODBUS);
    tapped[from_master] += n;
}

/* Packets of a pcapng file of this machine's byte order. */
static unsigned count_packets(FILE *file)
{
    uint32_t head[2];
    unsigned count = 0;

    rewind(file);
    while (fread(head, sizeof head, 1, file) == 1) {
        count += head[0] == 6;
        ck_assert_int_eq(fseek(file, (long)(head[1] - sizeof head), SEEK_CUR), 0);
    }
    return count;
}

/* Both hear everything, in this process: whoever listens second does not push the first aside. */
START_TEST(a_tap_and_a_capture_at_once)
{
    static const uint8_t request[] = {1, 3, 0x50, 2, 0, 2, 0x74, 0xCB};
    FILE *file = tmpfile();
    struct host_session_options options = {.capture = file, .speed = 1};
    struct sim_scenario *scenario = sim_scenario_default();
    struct sim *sim = sim_new(scenario, &host_speed_best()->loops);
    struct host_port_text text;
    char error[512];
    struct host_session *session = host_session_open(sim, &options, error, sizeof error);
    uint8_t reply[9];
    size_t n = 0;
    int fd;

    ck_assert_msg(session, "%s", error);
    host_session_set_tap(session, count_bytes, NULL);
    ck_assert(host_session_port(session, 0, &text));
    fd = open(text.name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, request, sizeof request), sizeof request);
    while (n < sizeof reply) {
        ssize_t part = read(fd, reply + n, sizeof reply - n);

        n += part > 0 ? (size_t)part : 0;
        ck_assert(host_session_step(session, 10));
    }
    close(fd);
    ck_assert_uint_eq(tapped[true], sizeof request);
    ck_assert_uint_eq(tapped[false], sizeof reply);
    ck_assert_uint_eq(count_packets(file), 2);
    ck_assert(host_session_close(session));
    sim_free(sim);
    sim_scenario_free(scenario);
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("libmodbus");
    TCase *tcase = tcase_create("master"), *alone = tcase_create("listeners");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    tcase_add_test(alone, a_tap_and_a_capture_at_once);
    tcase_set_timeout(alone, 60);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_span_of_every_block);
    tcase_add_test(tcase, a_part_of_a_value_is_that_part);
    tcase_add_test(tcase, floats_are_high_word_first);
    tcase_add_test(tcase, addresses_outside_are_illegal);
    tcase_add_test(tcase, other_functions_are_illegal);
    tcase_add_test(tcase, a_raw_unknown_function_is_illegal);
    tcase_add_test(tcase, writes_are_read_back);
    tcase_add_test(tcase, wrong_writes_are_refused);
    tcase_add_test(tcase, another_unit_is_silence);
    tcase_add_test(tcase, a_broadcast_acts_without_an_answer);
    tcase_add_test(tcase, the_port_opens_again);
    tcase_add_test(tcase, new_line_settings_are_followed);
    tcase_add_test(tcase, tcp_says_what_the_line_says);
    tcase_add_test(tcase, tcp_exceptions);
    tcase_add_test(tcase, tcp_masters_at_once);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
