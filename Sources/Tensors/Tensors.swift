internal import COneDNN
internal import COpenBLAS
