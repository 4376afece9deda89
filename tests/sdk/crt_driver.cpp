// SPDX-License-Identifier: MIT
//
// crt_driver.cpp - what kilncrt.lib gives a driver: constructors of static objects before DriverEntry, new and delete, the stack
// probe of large frames, destructors, guarded indirect calls, and a stack cookie that stops an overrun at unload.
//
#include <ntddk.h>

namespace {

struct Shape {
    virtual int Corners() = 0;
    virtual ~Shape() {}
};

struct Square : Shape {
    int corners;
    explicit Square(int n) : corners(n) {}
    int Corners() override { return corners; }
};

Square built_before_entry(4);
volatile int destroyed;

struct Scope {
    ~Scope() { destroyed = destroyed + 1; }
};

__attribute__((noinline)) void Overrun(volatile int count)
{
    char buffer[16];
    for (int i = 0; i < count; i++) {
        static_cast<volatile char *>(buffer)[i] = static_cast<char>(i);
    }
    DbgPrint("last %d\n", buffer[3]);
}

} // namespace

extern "C" DRIVER_INITIALIZE DriverEntry;
extern "C" DRIVER_UNLOAD Unload;

void Unload(PDRIVER_OBJECT)
{
    Overrun(8);
    DbgPrint("in bounds\n");
    Overrun(64);
    DbgPrint("not reached\n");
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING)
{
    volatile char large[20000];
    Shape *shape = new Square(3);
    int *numbers = new int[100];

    large[0] = large[19999] = 1;
    {
        Scope scope;
    }
    DbgPrint("static %d, allocated %d, destroyed %d, large %d\n", built_before_entry.Corners(), shape->Corners(), destroyed,
             large[0] + large[19999]);
    delete[] numbers;
    delete shape;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
