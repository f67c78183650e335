/* SPDX-License-Identifier: BSD-3-Clause */
/* measurement.c - the descriptors that are hashed into a Realm's measurements. */
#include <string.h>
#include "hash.h"
#include "invariant.h"
#include "measurement.h"

#define RIM 0

enum { DESC_DATA = 0, DESC_REC = 1, DESC_RIPAS = 2 };

/* RmmMeasurementDescriptor*: they share all but what `u` holds. */
struct descriptor {
	uint8_t type;
	uint8_t zero_01[7];
	uint64_t len;
	uint8_t rim[RSI_MEASUREMENT_SIZE];
	union {
		struct {
			uint64_t ipa;
			uint64_t flags;
			uint8_t content[RSI_MEASUREMENT_SIZE];
		} data;
		struct {
			uint8_t content[RSI_MEASUREMENT_SIZE];
		} rec;
		struct {
			uint64_t base;
			uint64_t top;
		} ripas;
		uint8_t size[0x100 - 0x50];
	} u;
};
_Static_assert(sizeof(struct descriptor) == 0x100, "descriptors have 256 bytes");
_Static_assert(offsetof(struct descriptor, u.data.content) == 0x60, "content of a data descriptor");

static struct descriptor descriptor_init(const struct rd *rd, uint8_t type)
{
	struct descriptor desc;

	memset(&desc, 0, sizeof(desc));
	desc.type = type;
	desc.len = sizeof(desc);
	memcpy(desc.rim, rd->measurements[RIM], sizeof(desc.rim));
	return desc;
}

/* The digest of `data`, which it does not overlap. */
static void measure(struct rmm *rmm, const struct rd *rd, uint8_t *digest, const void *data,
		    size_t size)
{
	hash_digest(rd->hash_algo, digest, data, size, NULL, 0);
	if (rmm->checker)
		invariant_hashed(rmm->checker, rd->hash_algo, data, size, digest);
}

/* Whose parameters. */
enum { MEASURED_REALM = 1, MEASURED_REC };

/* What is remembered of the same values; NULL: nothing. */
static const struct measured *measured_find(const struct rmm *rmm, const struct measured *wanted)
{
	for (unsigned int i = 0; i < NUM_MEASURED; i++) {
		const struct measured *known = &rmm->measured[i];

		if (known->kind == wanted->kind &&
		    !memcmp(known->values, wanted->values, sizeof(known->values)))
			return known;
	}
	return NULL;
}

/* The digest of `page`, in which there is nothing but the values of `what`. */
static void measure_params(struct rmm *rmm, const struct rd *rd, uint8_t *digest,
			   struct measured *what, const void *page)
{
	measure(rmm, rd, digest, page, RMM_GRANULE_SIZE);
	memcpy(what->digest, digest, sizeof(what->digest));
	rmm->measured[rmm->next_measured++ % NUM_MEASURED] = *what;
}

static void rim_extend(struct rmm *rmm, struct rd *rd, const struct descriptor *desc)
{
	measure(rmm, rd, rd->measurements[RIM], desc, sizeof(*desc));
}

void measurement_realm(struct rmm *rmm, struct rd *rd, const struct rmi_realm_params *params)
{
	struct measured what = {.kind = MEASURED_REALM << 8 | rd->hash_algo,
				.values = {params->flags, params->s2sz, params->sve_vl,
					   params->num_bps, params->num_wps, params->pmu_num_ctrs,
					   params->hash_algo}};
	const struct measured *known = measured_find(rmm, &what);
	struct rmi_realm_params measured;

	if (known) {
		memcpy(rd->measurements[RIM], known->digest, sizeof(known->digest));
		return;
	}
	memset(&measured, 0, sizeof(measured));
	measured.flags = params->flags;
	measured.s2sz = params->s2sz;
	measured.sve_vl = params->sve_vl;
	measured.num_bps = params->num_bps;
	measured.num_wps = params->num_wps;
	measured.pmu_num_ctrs = params->pmu_num_ctrs;
	measured.hash_algo = params->hash_algo;
	measure_params(rmm, rd, rd->measurements[RIM], &what, &measured);
}

void measurement_data(struct rmm *rmm, struct rd *rd, uint64_t ipa, uint64_t flags,
		      const void *page)
{
	struct descriptor desc = descriptor_init(rd, DESC_DATA);

	desc.u.data.ipa = ipa;
	desc.u.data.flags = flags;
	if (flags & RMI_DATA_FLAG_MEASURE)
		measure(rmm, rd, desc.u.data.content, page ? page : zero_granule, RMM_GRANULE_SIZE);
	rim_extend(rmm, rd, &desc);
}

void measurement_rec(struct rmm *rmm, struct rd *rd, const struct rmi_rec_params *params)
{
	struct descriptor desc = descriptor_init(rd, DESC_REC);
	struct measured what = {.kind = MEASURED_REC << 8 | rd->hash_algo,
				.values = {params->flags, params->pc}};
	const struct measured *known;
	struct rmi_rec_params measured;

	_Static_assert(sizeof(params->gprs) == sizeof(what.values) - 2 * sizeof(what.values[0]),
		       "the values that are measured");
	memcpy(&what.values[2], params->gprs, sizeof(params->gprs));
	known = measured_find(rmm, &what);
	if (known) {
		memcpy(desc.u.rec.content, known->digest, sizeof(known->digest));
	} else {
		memset(&measured, 0, sizeof(measured));
		measured.flags = params->flags;
		measured.pc = params->pc;
		memcpy(measured.gprs, params->gprs, sizeof(measured.gprs));
		measure_params(rmm, rd, desc.u.rec.content, &what, &measured);
	}
	rim_extend(rmm, rd, &desc);
}

void measurement_ripas(struct rmm *rmm, struct rd *rd, uint64_t base, uint64_t top)
{
	struct descriptor desc = descriptor_init(rd, DESC_RIPAS);

	desc.u.ripas.base = base;
	desc.u.ripas.top = top;
	rim_extend(rmm, rd, &desc);
}

void measurement_extend(struct rd *rd, unsigned int index, const uint8_t *value, size_t size,
			bool padded)
{
	uint8_t *rem = rd->measurements[index];
	uint8_t hashed[RSI_MEASUREMENT_SIZE] = {0};

	memcpy(hashed, value, size);
	hash_digest(rd->hash_algo, rem, rem, hash_size(rd->hash_algo), hashed,
		    padded ? sizeof(hashed) : size);
}
