/* SPDX-License-Identifier: MIT
 * Frames in words. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/host/words.h"
#include "../../src/sim/bus.h"
#include "../../ui/traffic.h"

/* "01 03 50" to bytes; with_crc adds one. */
static size_t bytes(const char *hex, bool with_crc, uint8_t *out)
{
    size_t n = 0;
    char *end;

    for (; *hex; hex = end + strspn(end, " "))
        out[n++] = (uint8_t)strtoul(hex, &end, 16);
    if (with_crc) {
        uint16_t crc = sim_modbus_crc(out, n);

        out[n++] = (uint8_t)crc;
        out[n++] = (uint8_t)(crc >> 8);
    }
    return n;
}

static const struct {
    bool from_master;
    const char *hex;
    uint16_t asked;
    bool good;
    const char *text;
} modbus[] = {
    {true, "01 03 50 02 00 02", 0, true, "1 read 5002 l1_voltage, 2 registers"},
    {true, "01 03 50 03 00 01", 0, true, "1 read 5003, 1 register"},
    {false, "01 03 04 43 66 00 00", 0x5002, true, "1 values 230 V"},
    {false, "01 03 04 43 66 00 00", 0x5003, true, "1 values 4366 0000"},
    {true, "07 06 60 48 00 02", 0, true, "7 write 6048 tariff = 2"},
    {false, "07 06 60 48 00 02", 0, true, "7 written 6048 tariff"},
    {true, "01 10 40 1F 00 02 04 01 00 00 05", 0, true, "1 write 401F ct_ratio = 100/5 A"},
    {false, "01 10 40 1F 00 02", 0, true, "1 written 401F ct_ratio, 2 registers"},
    {false, "01 83 02", 0, false, "1 exception 02, illegal data address"},
    {true, "01 04 50 02 00 02", 0, true, "1 function 04, 8 bytes"},
};

START_TEST(modbus_frames)
{
    uint8_t byte[64];
    char text[UI_TRAFFIC_TEXT];
    size_t n = bytes(modbus[_i].hex, true, byte);

    ck_assert_int_eq(host_words_modbus(modbus[_i].from_master, byte, n, modbus[_i].asked, text), modbus[_i].good);
    ck_assert_str_eq(text, modbus[_i].text);
    byte[n - 1] ^= 1;
    ck_assert(!host_words_modbus(modbus[_i].from_master, byte, n, 0, text));
    ck_assert(strstr(text, "no frame") == text && strstr(text, ": CRC "));
}
END_TEST

static const struct {
    bool from_master, good;
    const char *hex, *text;
} mbus[] = {
    {true, true, "10 40 00 40 16", "SND_NKE to 0"},
    {true, true, "10 5B FE 59 16", "REQ_UD2 to 254"},
    {true, true, "10 7A 01 7B 16", "REQ_UD1 to 1"},
    {false, true, "E5", "ACK"},
    {true, true, "68 0B 0B 68 73 FD 52 46 02 02 19 FF FF FF FF 21 16", "SND_UD to 253, select 19020246"},
    {true, true, "68 03 03 68 53 01 BB 0F 16", "SND_UD to 1, baud rate 2400"},
    {true, true, "68 06 06 68 53 00 51 01 7A 05 24 16", "SND_UD to 0, data, primary address = 5"},
    {false, true, "68 0F 0F 68 08 00 72 46 02 02 19 CD 25 01 02 07 00 00 00 D9 16",
     "RSP_UD from 0, id 19020246 of INM, access 7, 0 records"},
    {true, false, "10 40 00 41 16", "no frame, 5 bytes: checksum 41, 40 would fit"},
    {true, false, "68 03 04 68 53 01 BB 0F 16", "no frame, 9 bytes: the head of a long frame is wrong"},
    {true, false, "00", "no frame, 1 byte: 00 begins none"},
    {true, false, "10 40 00 40 17", "no frame, 5 bytes: ends in 17, not in 16"},
    {true, false, "10 40 00", "no frame, 3 bytes: the rest is missing"},
    {true, false, "10 40 00 40 16 E5", "no frame, 6 bytes: more than a frame"},
};

START_TEST(mbus_frames)
{
    uint8_t byte[64];
    char text[UI_TRAFFIC_TEXT];
    size_t n = bytes(mbus[_i].hex, false, byte);

    ck_assert_str_eq((host_words_mbus(mbus[_i].from_master, byte, n, text), text), mbus[_i].text);
    ck_assert_int_eq(host_words_mbus(mbus[_i].from_master, byte, n, text), mbus[_i].good);
}
END_TEST

/* The records of a telegram: extensions, a text for a unit, variable length, and what only the maker knows. */
START_TEST(records_are_counted)
{
    uint8_t byte[64] = {0x68, 0, 0, 0x68, 0x08, 1, 0x72, 0x46, 2, 2, 0x19, 0xCD, 0x25, 1, 2, 7};
    size_t n = 19 + bytes("84 10 83 3C 01 02 03 04  09 7C 01 54 02  0D 78 03 41 42 43  0B FD 3A 05 00 04  0F AA BB",
                          false, byte + 19);
    char text[HOST_WORDS_MAX];

    byte[1] = byte[2] = (uint8_t)(n - 4);
    for (size_t k = 4; k < n; k++)
        byte[n] = (uint8_t)(byte[n] + byte[k]);
    byte[n + 1] = 0x16;
    ck_assert(host_words_mbus(false, byte, n + 2, text));
    ck_assert_str_eq(text, "RSP_UD from 1, id 19020246 of INM, access 7, 4 records");
}
END_TEST

/* Bytes come as they like; frames come out. */
START_TEST(frames_out_of_bytes)
{
    static struct ui_traffic t;
    uint8_t byte[64];
    size_t n = bytes("01 03 50 02 00 02", true, byte);

    memset(&t, 0, sizeof t);
    for (size_t k = 0; k < n; k++)
        ui_traffic_bytes(&t, false, true, byte + k, 1, 1.5, 0);
    ck_assert_uint_eq(t.total, 1);
    n = bytes("01 03 04 43 66 00 00", true, byte);
    ui_traffic_bytes(&t, false, false, byte, n, 1.6, 10);
    ck_assert_str_eq(ui_traffic_at(&t, 0)->text, "1 values 230 V");
    ck_assert_str_eq(ui_traffic_at(&t, 1)->text, "1 read 5002 l1_voltage, 2 registers");
    ck_assert_ptr_null(ui_traffic_at(&t, 2));
    ui_traffic_bytes(&t, true, true, (const uint8_t *)"\x10\x40", 2, 2, 100);
    ui_traffic_idle(&t, 2, 150);
    ck_assert_uint_eq(t.total, 2);
    ui_traffic_idle(&t, 2, 100 + UI_TRAFFIC_SILENCE_MS);
    ck_assert_uint_eq(t.total, 3);
    ck_assert(ui_traffic_at(&t, 0)->bad);
    ck_assert_str_eq(ui_traffic_at(&t, 0)->text, "no frame, 2 bytes: the rest is missing");
}
END_TEST

/* Rubbish of any length neither overruns nor is lost. */
START_TEST(rubbish)
{
    static struct ui_traffic t;
    uint8_t byte[700];
    uint32_t seed = 1;

    memset(&t, 0, sizeof t);
    for (int round = 0; round < 2000; round++) {
        size_t n = (seed >> 8) % sizeof byte;

        for (size_t k = 0; k < n; k++)
            byte[k] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        byte[0] = (uint8_t)((seed & 64) ? 0x68 : byte[0]);
        ui_traffic_bytes(&t, seed & 128, seed & 256, byte, n, 0, round);
        seed = seed * 1664525 + 1013904223;
    }
    for (unsigned k = 0; ui_traffic_at(&t, k); k++)
        ck_assert_uint_lt(strlen(ui_traffic_at(&t, k)->text), UI_TRAFFIC_TEXT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("traffic");
    TCase *tc = tcase_create("traffic");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, modbus_frames, 0, (int)(sizeof modbus / sizeof modbus[0]));
    tcase_add_loop_test(tc, mbus_frames, 0, (int)(sizeof mbus / sizeof mbus[0]));
    tcase_add_test(tc, records_are_counted);
    tcase_add_test(tc, frames_out_of_bytes);
    tcase_add_test(tc, rubbish);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
