/* SPDX-License-Identifier: MIT */
#include "works.h"

void sim_works_start(struct em_meter *m, const struct em_port *port)
{
    const struct em_metrology metrology = m->metrology;
    const struct em_supply supply = m->supply;

    em_meter_init(m, port, metrology.frequency_mhz);
    m->metrology = metrology;
    m->supply = supply;
    em_meter_begin(m);
}

void sim_works_history(struct em_meter *m, uint8_t ct_changes)
{
    m->energy.ct_changes = ct_changes;
}

void sim_works_deliver(struct em_meter *m)
{
    m->storage.ct_changes = m->energy.ct_changes;
    m->storage.settings_due = m->storage.energy_due = true;
    em_storage_commit(m);
}
