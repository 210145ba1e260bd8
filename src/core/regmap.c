/* SPDX-License-Identifier: MIT
 * The register table. Source: manual A2.2 and A2.3; addresses, order and types are the manual's. */
#include "vmeter/em_registers.h"
#include "vmeter/em_settings.h"

#define ROW(a, w, t, u, acc, src, arg, n)                                                                              \
    {                                                                                                                  \
        .address = (a), .words = (w), .type = EM_TYPE_##t, .unit = EM_UNIT_##u, .access = (acc),                       \
        .source = EM_FROM_##src, .argument = (arg), .name = (n)                                                        \
    }

#define ZERO(a, w)                       ROW(a, w, ZERO, NONE, EM_READ, NOTHING, 0, NULL)
#define CONSTANT(a, w, t, u, arg, n)     ROW(a, w, t, u, EM_READ, CONSTANT, EM_CONSTANT_##arg, n)
#define STATE(a, w, t, u, arg, n)        ROW(a, w, t, u, EM_READ, STATE, EM_STATE_##arg, n)
#define SETTING(a, w, t, u, acc, arg, n) ROW(a, w, t, u, acc, SETTING, EM_SETTING_##arg, n)
#define MEASURED(a, u, q, i, n)          ROW(a, 2, FLOAT32, u, EM_READ, QUANTITY, EM_QUANTITY(EM_QUANTITY_##q, i), n)
#define JUDGED(a, t, q, i, n)            ROW(a, 1, t, NONE, EM_READ, QUANTITY, EM_QUANTITY(EM_QUANTITY_##q, i), n)
#define COUNTED(a, u, set, kind, part, scope, n)                                                                       \
    ROW(a, 2, FLOAT32, u, EM_READ, ENERGY, EM_ENERGY(set, kind, EM_PART_##part, scope), n)

#define TOTAL_AND_PHASES(a, u, q, total, phase)                                                                        \
    MEASURED(a, u, q, EM_TOTAL, total), MEASURED((a) + 2, u, q, 0, "l1_" phase),                                       \
        MEASURED((a) + 4, u, q, 1, "l2_" phase), MEASURED((a) + 6, u, q, 2, "l3_" phase)

#define TWO_TARIFFS_AND_PHASES(a, u, kind, part, n)                                                                    \
    COUNTED(a, u, EM_SET_MAIN, kind, part, EM_ALL, n), COUNTED((a) + 2, u, EM_SET_MAIN, kind, part, EM_T1, "t1_" n),   \
        COUNTED((a) + 4, u, EM_SET_MAIN, kind, part, EM_T2, "t2_" n),                                                  \
        COUNTED((a) + 6, u, EM_SET_MAIN, kind, part, EM_L1, "l1_" n),                                                  \
        COUNTED((a) + 8, u, EM_SET_MAIN, kind, part, EM_L2, "l2_" n),                                                  \
        COUNTED((a) + 10, u, EM_SET_MAIN, kind, part, EM_L3, "l3_" n)

#define T3_AND_T4(a, u, kind, part, n)                                                                                 \
    COUNTED(a, u, EM_SET_MAIN, kind, part, EM_T3, "t3_" n), COUNTED((a) + 2, u, EM_SET_MAIN, kind, part, EM_T4, "t4_" n)

#define TOTAL_AND_TARIFFS(a, u, set, kind, part, prefix, n)                                                            \
    COUNTED(a, u, set, kind, part, EM_ALL, prefix n), COUNTED((a) + 2, u, set, kind, part, EM_T1, prefix "t1_" n),     \
        COUNTED((a) + 4, u, set, kind, part, EM_T2, prefix "t2_" n),                                                   \
        COUNTED((a) + 6, u, set, kind, part, EM_T3, prefix "t3_" n),                                                   \
        COUNTED((a) + 8, u, set, kind, part, EM_T4, prefix "t4_" n)

#define QUADRANT(a, part, n) TOTAL_AND_TARIFFS(a, KVARH, EM_SET_MAIN, EM_REACTIVE, part, "", n)

#define CT_SET(a, u, k, kind, name)                                                                                    \
    TOTAL_AND_TARIFFS((a) + 20 * (k), u, EM_SET_CT0 + (k), kind, FORWARD, "ct" #k "_", "forward_" name),               \
        TOTAL_AND_TARIFFS((a) + 20 * (k) + 10, u, EM_SET_CT0 + (k), kind, REVERSE, "ct" #k "_", "reverse_" name)

#define CT_SETS(a, u, kind, name)                                                                                      \
    CT_SET(a, u, 0, kind, name), CT_SET(a, u, 1, kind, name), CT_SET(a, u, 2, kind, name),                             \
        CT_SET(a, u, 3, kind, name), CT_SET(a, u, 4, kind, name), CT_SET(a, u, 5, kind, name),                         \
        CT_SET(a, u, 6, kind, name), CT_SET(a, u, 7, kind, name)

const struct em_register em_registers[] = {
    SETTING(0x4000, 2, BCD32, NONE, EM_READ, SERIAL_NUMBER, "serial_number"),
    CONSTANT(0x4002, 1, HEX16, NONE, METER_CODE, "meter_code"),
    SETTING(0x4003, 1, INT16, NONE, EM_WRITE_06, MODBUS_ID, "modbus_id"),
    SETTING(0x4004, 1, INT16, NONE, EM_WRITE_06, MODBUS_BAUD, "modbus_baud"),
    CONSTANT(0x4005, 2, FLOAT32, NONE, PROTOCOL_VERSION, "protocol_version"),
    CONSTANT(0x4007, 2, FLOAT32, NONE, SOFTWARE_VERSION, "software_version"),
    CONSTANT(0x4009, 2, FLOAT32, NONE, HARDWARE_VERSION, "hardware_version"),
    CONSTANT(0x400B, 1, INT16, A, METER_AMPS, "meter_amps"),
    STATE(0x400C, 1, BCD16, A, CT_PRIMARY, "ct_primary"),
    SETTING(0x400D, 2, FLOAT32, IMP_PER_KWH, EM_WRITE_10, S0_RATE, "s0_rate"),
    SETTING(0x400F, 1, INT16, NONE, EM_WRITE_06, COMBINATION_CODE, "combination_code"),
    SETTING(0x4010, 1, BCD16, S, EM_WRITE_06, LCD_CYCLE_TIME, "lcd_cycle_time"),
    SETTING(0x4011, 1, INT16, NONE, EM_WRITE_06, MODBUS_PARITY, "modbus_parity"),
    JUDGED(0x4012, ASCII, DIRECTION, 0, "l1_current_direction"),
    JUDGED(0x4013, ASCII, DIRECTION, 1, "l2_current_direction"),
    JUDGED(0x4014, ASCII, DIRECTION, 2, "l3_current_direction"),
    STATE(0x4015, 1, INT16, NONE, ERROR_CODE, "error_code"),
    SETTING(0x4016, 1, INT16, NONE, EM_WRITE_06, POWER_DOWN_COUNTER, "power_down_counter"),
    JUDGED(0x4017, INT16, QUADRANT, EM_TOTAL, "quadrant"),
    JUDGED(0x4018, INT16, QUADRANT, 0, "l1_quadrant"),
    JUDGED(0x4019, INT16, QUADRANT, 1, "l2_quadrant"),
    JUDGED(0x401A, INT16, QUADRANT, 2, "l3_quadrant"),
    CONSTANT(0x401B, 2, HEX32, NONE, CHECKSUM, "checksum"),
    STATE(0x401D, 2, HEX32, NONE, STATUS_WORD, "active_status_word"),
    SETTING(0x401F, 2, CT, A, EM_WRITE_10, CT_RATIO, "ct_ratio"),
    SETTING(0x4021, 1, BCD16, MS, EM_WRITE_06, PULSE_WIDTH, "pulse_width"),
    SETTING(0x4022, 1, INT16, NONE, EM_WRITE_06, PULSE_TYPE, "pulse_type"),
    CONSTANT(0x4023, 2, HEX32, NONE, CHECKSUM_2, "checksum_2"),
    ZERO(0x4025, 1),
    SETTING(0x4026, 1, INT16, NONE, EM_WRITE_06, DATA_TYPE, "data_type"),
    ZERO(0x4027, 4),
    SETTING(0x4032, 1, INT16, NONE, EM_WRITE_06, SCREEN_DIRECTION, "screen_direction"),
    SETTING(0x4033, 1, INT16, NONE, EM_WRITE_06, OBIS_CODE_DISPLAY, "obis_code_display"),
    SETTING(0x4034, 1, INT16, NONE, EM_READ, BACKLIGHT, "backlight"),

    ZERO(0x5000, 2),
    MEASURED(0x5002, V, U, 0, "l1_voltage"),
    MEASURED(0x5004, V, U, 1, "l2_voltage"),
    MEASURED(0x5006, V, U, 2, "l3_voltage"),
    MEASURED(0x5008, HZ, F, 0, "grid_frequency"),
    ZERO(0x500A, 2),
    MEASURED(0x500C, A, I, 0, "l1_current"),
    MEASURED(0x500E, A, I, 1, "l2_current"),
    MEASURED(0x5010, A, I, 2, "l3_current"),
    TOTAL_AND_PHASES(0x5012, KW, P, "total_active_power", "active_power"),
    TOTAL_AND_PHASES(0x501A, KVAR, Q, "total_reactive_power", "reactive_power"),
    TOTAL_AND_PHASES(0x5022, KVA, S, "total_apparent_power", "apparent_power"),
    TOTAL_AND_PHASES(0x502A, NONE, PF, "power_factor", "power_factor"),
    MEASURED(0x5032, V, ULL, 0, "l1_l2_voltage"),
    MEASURED(0x5034, V, ULL, 1, "l1_l3_voltage"),
    MEASURED(0x5036, V, ULL, 2, "l2_l3_voltage"),

    TWO_TARIFFS_AND_PHASES(0x6000, KWH, EM_ACTIVE, TOTAL, "total_active_energy"),
    TWO_TARIFFS_AND_PHASES(0x600C, KWH, EM_ACTIVE, FORWARD, "forward_active_energy"),
    TWO_TARIFFS_AND_PHASES(0x6018, KWH, EM_ACTIVE, REVERSE, "reverse_active_energy"),
    TWO_TARIFFS_AND_PHASES(0x6024, KVARH, EM_REACTIVE, TOTAL, "total_reactive_energy"),
    TWO_TARIFFS_AND_PHASES(0x6030, KVARH, EM_REACTIVE, FORWARD, "forward_reactive_energy"),
    TWO_TARIFFS_AND_PHASES(0x603C, KVARH, EM_REACTIVE, REVERSE, "reverse_reactive_energy"),
    SETTING(0x6048, 1, INT16, NONE, EM_WRITE_06, TARIFF, "tariff"),
    ROW(0x6049, 2, FLOAT32, KWH, EM_WRITE_10, ENERGY, EM_ENERGY(EM_SET_TRIP, EM_ACTIVE, EM_PART_TOTAL, EM_ALL),
        "resettable_day_counter"),
    T3_AND_T4(0x604B, KWH, EM_ACTIVE, TOTAL, "total_active_energy"),
    T3_AND_T4(0x604F, KWH, EM_ACTIVE, FORWARD, "forward_active_energy"),
    T3_AND_T4(0x6053, KWH, EM_ACTIVE, REVERSE, "reverse_active_energy"),
    T3_AND_T4(0x6057, KVARH, EM_REACTIVE, TOTAL, "total_reactive_energy"),
    T3_AND_T4(0x605B, KVARH, EM_REACTIVE, FORWARD, "forward_reactive_energy"),
    T3_AND_T4(0x605F, KVARH, EM_REACTIVE, REVERSE, "reverse_reactive_energy"),
    QUADRANT(0x6063, Q1, "q1_reactive_energy"),
    QUADRANT(0x606D, Q2, "q2_reactive_energy"),
    QUADRANT(0x6077, Q3, "q3_reactive_energy"),
    QUADRANT(0x6081, Q4, "q4_reactive_energy"),
    COUNTED(0x608B, KWH, EM_SET_TRIP, EM_ACTIVE, TOTAL, EM_L1, "l1_resettable_day_counter"),
    COUNTED(0x608D, KWH, EM_SET_TRIP, EM_ACTIVE, TOTAL, EM_L2, "l2_resettable_day_counter"),
    COUNTED(0x608F, KWH, EM_SET_TRIP, EM_ACTIVE, TOTAL, EM_L3, "l3_resettable_day_counter"),

    CT_SETS(0x6100, KWH, EM_ACTIVE, "active_energy"),
    CT_SETS(0x6300, KVARH, EM_REACTIVE, "reactive_energy"),
};

const size_t em_register_count = sizeof em_registers / sizeof em_registers[0];

const struct em_register_block em_register_blocks[EM_REGISTER_BLOCK_COUNT] = {
    {0x4000, 0x4034}, {0x5000, 0x5037}, {0x6000, 0x6090}, {0x6100, 0x619F}, {0x6300, 0x639F},
};
