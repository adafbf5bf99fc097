/* The zones of the system, for tests that go through all of them. */
#ifndef TESTS_UNIT_ZONE_NAMES_H
#define TESTS_UNIT_ZONE_NAMES_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZONE_DIR "/usr/share/zoneinfo"

enum { ZONE_NAMES_MAX = 1024, ZONE_NAME_SIZE = 64 };

/* Names of the zones in tzdata.zi whose file is there, without links; answers how many. */
static inline size_t
zone_names(char names[ZONE_NAMES_MAX][ZONE_NAME_SIZE])
{
	FILE *f = fopen(ZONE_DIR "/tzdata.zi", "r");
	char line[512], path[256];
	size_t count = 0;

	while (f && count < ZONE_NAMES_MAX && fgets(line, sizeof line, f)) {
		if (sscanf(line, "Z %63s", names[count]) != 1)
			continue;
		snprintf(path, sizeof path, ZONE_DIR "/%s", names[count]);
		if (!access(path, R_OK))
			count++;
	}
	if (f)
		fclose(f);
	return count;
}

#endif
