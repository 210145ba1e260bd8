/* SPDX-License-Identifier: MIT
 * vmeter firmware core: everything that can be set, in one table.
 *
 * A setting is a 32-bit integer with a range and a factory default. Registers, the scenario's "meter" object and
 * (later) menu and M-Bus writes all go through em_meter_set(); nothing else changes a setting. */
#ifndef EM_SETTINGS_H
#define EM_SETTINGS_H

#include "em_types.h"

enum em_setting {
    EM_SETTING_SERIAL_NUMBER,
    EM_SETTING_MODBUS_ID,
    EM_SETTING_MODBUS_BAUD,   /* code 1..10, see em_baud_rate() */
    EM_SETTING_MODBUS_PARITY, /* enum em_parity */
    EM_SETTING_S0_RATE,       /* hundredths of imp/kWh; only the eight rates of the manual */
    EM_SETTING_COMBINATION_CODE,
    EM_SETTING_LCD_CYCLE_TIME, /* s */
    EM_SETTING_POWER_DOWN_COUNTER,
    EM_SETTING_TARIFF,
    EM_SETTING_CT_RATIO,    /* EM_CT_RATIO(primary, secondary) */
    EM_SETTING_PULSE_WIDTH, /* ms */
    EM_SETTING_PULSE_TYPE,  /* 1 active & reactive, 2 forward & reverse */
    EM_SETTING_DATA_TYPE,   /* enum em_data_type */
    EM_SETTING_SCREEN_DIRECTION,
    EM_SETTING_OBIS_CODE_DISPLAY,
    EM_SETTING_BACKLIGHT, /* 1 button mode, 2 on, 3 off */
    EM_SETTING_MBUS_ADDRESS,
    EM_SETTING_MBUS_ID,
    EM_SETTING_MBUS_BAUD, /* code 1..6 */
    EM_SETTING_PASSWORD,
    EM_SETTING_T3_T4_USED, /* 1 once tariff 3 or 4 has been active, for ever */
    EM_SETTING_COUNT
};

enum em_parity { EM_PARITY_EVEN = 1, EM_PARITY_NONE, EM_PARITY_ODD };
enum em_data_type { EM_DATA_FLOAT = 1, EM_DATA_INTEGER };

/* A CT ratio as one number. */
#define EM_CT_RATIO(primary, secondary) ((int32_t)(primary)*16 + (int32_t)(secondary))
#define EM_CT_PRIMARY(ratio)            ((uint32_t)(ratio) / 16)
#define EM_CT_SECONDARY(ratio)          ((uint32_t)(ratio) % 16)

struct em_settings {
    int32_t value[EM_SETTING_COUNT];
};

/* Factory defaults. */
void em_settings_init(struct em_settings *s);

/* EM_OK if value lies in the setting's range, else EM_ERR_RANGE (EM_ERR_UNKNOWN for no setting).
 * Knows nothing of history: leaving C-05 or an eighth CT ratio is em_meter_check's business. */
enum em_err em_setting_range(enum em_setting setting, int32_t value);

/* The lowest and highest value of a setting (not EM_SETTING_COUNT); not every value between need be allowed. */
void em_setting_limits(enum em_setting setting, int32_t *min, int32_t *max);

/* Baud rate of a code 1..10 (300..115200), 0 for another. Source: manual A2.2. */
uint32_t em_baud_rate(int32_t code);

/* The code of a baud rate, 0 if there is none. */
int32_t em_baud_code(uint32_t rate);

/* The eight S0 rates in hundredths of imp/kWh, highest first. Source: manual 5. */
#define EM_S0_RATE_COUNT 8
extern const int32_t em_s0_rates[EM_S0_RATE_COUNT];

#endif
