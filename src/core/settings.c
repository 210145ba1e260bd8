/* SPDX-License-Identifier: MIT */
#include "vmeter/em_settings.h"

const int32_t em_s0_rates[EM_S0_RATE_COUNT] = {1000000, 200000, 100000, 10000, 1000, 100, 10, 1};

static const uint32_t baud_rates[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
#define BAUD_COUNT (int32_t)(sizeof baud_rates / sizeof baud_rates[0])

static const struct {
    int32_t min, max, initial;
} table[EM_SETTING_COUNT] = {
    [EM_SETTING_SERIAL_NUMBER] = {0, 99999999, 19020246},
    [EM_SETTING_MODBUS_ID] = {1, 247, 1},
    [EM_SETTING_MODBUS_BAUD] = {1, 10, 6},
    [EM_SETTING_MODBUS_PARITY] = {EM_PARITY_EVEN, EM_PARITY_ODD, EM_PARITY_EVEN},
    [EM_SETTING_S0_RATE] = {1, 1000000, 100000},
    [EM_SETTING_COMBINATION_CODE] = {1, 5, 1},
    [EM_SETTING_LCD_CYCLE_TIME] = {1, 30, 10},
    [EM_SETTING_POWER_DOWN_COUNTER] = {0, 32767, 0},
    [EM_SETTING_TARIFF] = {1, 4, 1},
    [EM_SETTING_CT_RATIO] = {EM_CT_RATIO(1, 1), EM_CT_RATIO(9999, 5), EM_CT_RATIO(5, 5)},
    [EM_SETTING_PULSE_WIDTH] = {2, 99, 30},
    [EM_SETTING_PULSE_TYPE] = {1, 2, 1},
    [EM_SETTING_DATA_TYPE] = {EM_DATA_FLOAT, EM_DATA_INTEGER, EM_DATA_FLOAT},
    [EM_SETTING_SCREEN_DIRECTION] = {0, 1, 0},
    [EM_SETTING_OBIS_CODE_DISPLAY] = {0, 1, 0},
    [EM_SETTING_BACKLIGHT] = {1, 3, 1},
    [EM_SETTING_MBUS_ADDRESS] = {0, 250, 0},
    [EM_SETTING_MBUS_ID] = {0, 99999999, 19020246},
    [EM_SETTING_MBUS_BAUD] = {1, 6, 4},
    [EM_SETTING_PASSWORD] = {0, 9999, 0},
    [EM_SETTING_T3_T4_USED] = {0, 1, 0},
};

void em_settings_init(struct em_settings *s)
{
    for (int k = 0; k < EM_SETTING_COUNT; k++)
        s->value[k] = table[k].initial;
}

static bool is_s0_rate(int32_t value)
{
    for (int k = 0; k < EM_S0_RATE_COUNT; k++)
        if (em_s0_rates[k] == value)
            return true;
    return false;
}

static bool is_ct_ratio(int32_t value)
{
    uint32_t primary = EM_CT_PRIMARY(value), secondary = EM_CT_SECONDARY(value);

    return primary >= 1 && primary <= 9999 && (secondary == 1 || secondary == 5) && primary >= secondary;
}

enum em_err em_setting_range(enum em_setting setting, int32_t value)
{
    if ((unsigned)setting >= EM_SETTING_COUNT)
        return EM_ERR_UNKNOWN;
    if (value < table[setting].min || value > table[setting].max)
        return EM_ERR_RANGE;
    if (setting == EM_SETTING_S0_RATE && !is_s0_rate(value))
        return EM_ERR_RANGE;
    if (setting == EM_SETTING_CT_RATIO && !is_ct_ratio(value))
        return EM_ERR_RANGE;
    return EM_OK;
}

void em_setting_limits(enum em_setting setting, int32_t *min, int32_t *max)
{
    *min = table[setting].min;
    *max = table[setting].max;
}

uint32_t em_baud_rate(int32_t code)
{
    return code >= 1 && code <= BAUD_COUNT ? baud_rates[code - 1] : 0;
}

int32_t em_baud_code(uint32_t rate)
{
    for (int32_t k = 0; k < BAUD_COUNT; k++)
        if (baud_rates[k] == rate)
            return k + 1;
    return 0;
}
