/* ProcessPrng, which Wine 8 lacks: Python's and Rust's random bytes (learn.microsoft.com, ProcessPrng). */
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return SystemFunction036(data, (ULONG)size);
}
