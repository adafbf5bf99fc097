/* The version of all programs: they are installed together and speak to each other. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define CARILLON_VERSION "0.1.0"

#endif
