/* A disk that misbehaves on command: LD_PRELOAD this, and name a control file in DISK_FAULTS.

   The first byte of the control file says what the next fsync or fdatasync does: 'f' fails with EIO, '1' fails
   once, 's' takes a third of a second; anything else, or no file, behaves. Each call adds a byte to <control>.syncs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char command(const char *control) {
    char byte = 0;
    int file = open(control, O_RDWR);
    if (file < 0) return 0;
    if (read(file, &byte, 1) != 1) byte = 0;
    if (byte == '1' && pwrite(file, "-", 1, 0) != 1) byte = 0;
    close(file);
    return byte;
}

static int sync_as_told(const char *name, int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *control = getenv("DISK_FAULTS");
    if (!control) return real(descriptor);
    char path[4096];
    snprintf(path, sizeof path, "%s.syncs", control);
    int syncs = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (write(syncs, ".", 1) == 1) close(syncs);
    switch (command(control)) {
        case '1':
        case 'f': errno = EIO; return -1;
        case 's': usleep(333000);
    }
    return real(descriptor);
}

int fsync(int descriptor) { return sync_as_told("fsync", descriptor); }
int fdatasync(int descriptor) { return sync_as_told("fdatasync", descriptor); }
