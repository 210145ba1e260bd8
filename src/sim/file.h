/* SPDX-License-Identifier: MIT
 * Files that a scenario names. */
#ifndef SIM_FILE_H
#define SIM_FILE_H

#include <stddef.h>
#include <stdint.h>

/* A name as it is seen from the folder of the scenario that names it. */
void sim_file_beside(const char *scenario_file, const char *name, char *out, size_t size);

/* A whole file, which the caller frees; NULL with errno set. */
uint8_t *sim_file_read(const char *file, size_t *n);

#endif
