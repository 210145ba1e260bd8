/* SPDX-License-Identifier: MIT
 * Numbers of recordings, least byte first. */
#ifndef SIM_BYTES_H
#define SIM_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint32_t sim_u16le(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static inline uint32_t sim_u32le(const uint8_t *at)
{
    return sim_u16le(at) | sim_u16le(at + 2) << 16;
}

static inline int32_t sim_i16le(const uint8_t *at)
{
    return (int16_t)sim_u16le(at);
}

static inline int32_t sim_i24le(const uint8_t *at)
{
    return (int32_t)(sim_u16le(at) << 8 | (uint32_t)at[2] << 24) >> 8;
}

static inline int32_t sim_i32le(const uint8_t *at)
{
    return (int32_t)sim_u32le(at);
}

static inline double sim_f32le(const uint8_t *at)
{
    const uint32_t bits = sim_u32le(at);
    float number;

    memcpy(&number, &bits, sizeof number);
    return (double)number;
}

static inline double sim_f64le(const uint8_t *at)
{
    const uint64_t bits = (uint64_t)sim_u32le(at + 4) << 32 | sim_u32le(at);
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

#endif
