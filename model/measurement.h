/* SPDX-License-Identifier: BSD-3-Clause */
/* measurement.h - the Realm Initial Measurement and the Realm Extensible Measurements (section 7). */
#ifndef MODEL_MEASUREMENT_H
#define MODEL_MEASUREMENT_H

#include "realm.h"

/* measurement_realm - the initial RIM, from the measured part of the parameters of REALM_CREATE. */
void measurement_realm(struct rmm *rmm, struct rd *rd, const struct rmi_realm_params *params);

/*
 * measurement_data - extend the RIM by DATA_CREATE at `ipa`. `page` is the content, NULL if it is zero;
 * it is read only if `flags` ask for its measurement.
 */
void measurement_data(struct rmm *rmm, struct rd *rd, uint64_t ipa, uint64_t flags,
		      const void *page);

/* measurement_rec - extend the RIM by REC_CREATE of a runnable REC. */
void measurement_rec(struct rmm *rmm, struct rd *rd, const struct rmi_rec_params *params);

/* measurement_ripas - extend the RIM by one entry of RTT_INIT_RIPAS that covers [base, top). */
void measurement_ripas(struct rmm *rmm, struct rd *rd, uint64_t base, uint64_t top);

/*
 * measurement_extend - extend REM `index` (1..4) by the first `size` bytes of the 64 at `value`. `padded`
 * selects the other reading of the specification: the rest of the value is hashed as zeros.
 */
void measurement_extend(struct rd *rd, unsigned int index, const uint8_t *value, size_t size,
			bool padded);

#endif
