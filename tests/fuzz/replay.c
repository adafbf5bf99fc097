/* Gives a fuzz target the inputs that are kept, each file of each directory that is named. */
#include <dirent.h>

#include "fuzz/fuzz.h"

static void
replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf b = BUF_INIT;
	char block[65536];
	uint8_t *exact;
	size_t n;

	HOLDS(f);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(&b, block, n);
	fclose(f);
	/* Memory of exactly that size, so that a sanitizer sees a byte too many. */
	exact = malloc(b.len ? b.len : 1);
	HOLDS(exact);
	if (b.len)
		memcpy(exact, b.data, b.len);
	/* Whoever looks into the log of a crash finds the file in its last line. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, b.len);
	free(exact);
	buf_release(&b);
}

int
main(int argc, char **argv)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;

		if (!dir)
			continue; /* no finding yet */
		while ((entry = readdir(dir))) {
			char path[1024];

			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
			replay(path);
			count++;
		}
		closedir(dir);
	}
	if (count == 0) {
		fprintf(stderr, "replay: no inputs: nothing was tried\n");
		return 1;
	}
	printf("[  PASSED  ] %zu inputs\n", count);
	return 0;
}
